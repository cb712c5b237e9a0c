import { createServer } from 'node:net';

export const LOOPBACK = '127.0.0.1';

/**
 * A port of 127.0.0.1 that nothing listens on now. Another process may take it before its user does, so who starts a
 * server on it has to prove that the one that answers is its own, and to try again with another one.
 */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, LOOPBACK, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
