import type { Core, Feature } from '../core.js';
import { startIndexer } from './indexer.js';
import { searchRoutes } from './routes.js';

export const createSearchFeature = ({ memories, db, vault, policies, log }: Core): Feature => {
  const indexer = startIndexer({ db, vault, policies, log });
  return { routes: searchRoutes(memories), stop: () => indexer.stop() };
};
