import { startEmbedded } from '../embedded.js';
import { describeConformance } from './conformance.js';

describeConformance('the embedded API server behaves like a real one', async () => {
  const { server, stop } = await startEmbedded();
  return {
    url: server.url,
    token: server.adminToken,
    ca: server.caPem,
    forgetHistory: () => server.compact(),
    stop,
  };
});
