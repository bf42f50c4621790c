import type { Core, Feature } from '../core.js';
import { startDispatcher } from './dispatcher.js';
import { webhookRoutes } from './routes.js';
import { createWebhooks } from './webhooks.js';

export const createWebhooksFeature = (core: Core): Feature => {
  const dispatcher = startDispatcher(core);
  return { routes: webhookRoutes(core, createWebhooks(core)), stop: () => dispatcher.stop() };
};
