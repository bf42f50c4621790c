import { createServer, type RequestListener } from 'node:http';

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/** An HTTP server on this machine. Closing gives requests under way a moment, then cuts them. */
export function listen(handler: RequestListener, port = 0): Promise<Listener> {
  // An upload may take as long as it takes: the pod decides.
  const server = createServer({ requestTimeout: 0, noDelay: true }, handler);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : port,
        close: () => close(server),
      });
    });
  });
}

const CLOSE_GRACE_MS = 500;

function close(server: ReturnType<typeof createServer>): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
