import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../../../operator/local/api-server/index.js';
import { startCoreControllers } from '../../../operator/local/controllers/core.js';

export interface Embedded {
  readonly server: ApiServer;
  /** Path of the admin's kubeconfig. */
  readonly kubeconfig: string;
  /** A folder that ends with the server. */
  readonly directory: string;
  stop(): Promise<void>;
}

/** The embedded API server with its own controllers, as the demo runs it, but for a state that ends with it. */
export async function startEmbedded(options: ApiServerOptions = {}): Promise<Embedded> {
  const server = await startApiServer(options);
  const controllers = startCoreControllers(server);
  const directory = mkdtempSync(join(tmpdir(), 'memplane-embedded-'));
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, server.kubeconfig, { mode: 0o600 });
  return {
    server,
    kubeconfig,
    directory,
    async stop() {
      controllers.stop();
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
