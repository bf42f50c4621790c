import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KubeHttpClient, createKubeClient } from '../../clients/kube-http.js';
import type { Log } from '../../runtime/log.js';
import { startApiServer } from '../api-server/index.js';
import { startCoreControllers, startWorkloadControllers } from '../controllers/index.js';
import { type NodeAgent, startNodeAgent } from '../node/agent.js';
import type { ImageTable } from '../node/images.js';
import { type LocalPostgres, startPostgres } from '../postgres/server.js';
import { type Router, startRouter } from '../router/index.js';
import { type Progress, silentProgress } from './progress.js';
import { localImages } from './images.js';
import { installPlatform } from './platform.js';
import { buildLocalPlane, prepareStores } from './plane.js';

export interface StackOptions {
  /** Everything that outlives a stop: cluster, database, keys, logs. */
  readonly folder: string;
  /** @default an embedded cluster; else the kubeconfig of another one, which gets a node agent when it has no node */
  readonly kubeconfig?: string | undefined;
  /** @default what the last run used, else any */
  readonly routerPort?: number | undefined;
  readonly images?: ImageTable;
  readonly version?: string;
  readonly log: Log;
  readonly progress?: Progress;
}

export interface Stack {
  readonly kube: KubeHttpClient;
  readonly kubeconfigPath: string;
  readonly postgres: LocalPostgres;
  readonly router: Router;
  readonly agent: NodeAgent | undefined;
  readonly endpointsFile: string;
  stop(): Promise<void>;
}

type Stop = () => Promise<void>;
