import { ApiError } from '../api-server/errors.js';
import type { ApiServer } from '../api-server/index.js';
import type { CoreController } from './core-queue.js';
import { startGarbageCollector } from './garbage.js';
import { startNamespaceController } from './namespace.js';

/** A refusal (an admission policy's, say) is not ours to report: it is tried again until it is lifted. */
const printUnexpected = (cause: unknown): void => {
  if (!(cause instanceof ApiError)) console.error(cause);
};

/** The two controllers without which an API server does not behave like one: they run inside it, on its storage. */
export function startCoreControllers(
  server: ApiServer,
  onError: (cause: unknown) => void = printUnexpected,
): CoreController {
  const controllers = [startNamespaceController(server.api, onError), startGarbageCollector(server.api, onError)];
  return {
    stop() {
      for (const controller of controllers) controller.stop();
    },
  };
}
