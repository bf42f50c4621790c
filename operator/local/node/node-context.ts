import type { KubeClient } from '../../clients/kube.js';
import type { Log } from '../../runtime/log.js';
import type { HostEnvironment } from './config.js';
import type { ConfigSource } from './config-source.js';
import type { RestartOptions } from './container.js';
import type { ImageTable } from './images.js';
import type { ApiServerAddress } from './kubeconfig.js';
import type { PortAllocator } from './ports.js';
import type { ProcessTable } from './processes.js';

/** What all pods of one node share. */
export interface NodeContext {
  readonly client: KubeClient;
  readonly nodeName: string;
  readonly dataDir: string;
  readonly images: ImageTable;
  readonly host: HostEnvironment;
  readonly source: ConfigSource;
  readonly processes: ProcessTable;
  readonly ports: PortAllocator;
  readonly restart: RestartOptions;
  readonly apiServer: ApiServerAddress | undefined;
  /** Aborted when the node goes down: a server that no longer answers must not hold it up. */
  readonly calls: AbortSignal;
  readonly log: Log;
}
