import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it was sent to the store. */
export interface RecordedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  /** Of small bodies, which are documents; those of parts are not kept. */
  readonly body: string;
}

const KEPT_BODY_BYTES = 64 * 1024;

/** Stands before a store, lets everything pass, and remembers what was asked. */
export class RecordingProxy {
  readonly requests: RecordedRequest[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(target: string): Promise<RecordingProxy> {
    const { hostname: host, port } = new URL(target);
    const proxy: RecordingProxy = new RecordingProxy(
      createServer((incoming, reply) => {
        const { method = 'GET', url = '/', headers } = incoming;
        const pieces: Buffer[] = [];
        const { expect: _, ...forwarded } = headers;
        const outgoing = request({ host, port, method, path: url, headers: forwarded, agent: false }, (answer) => {
          reply.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
          answer.pipe(reply);
        });
        outgoing.once('error', () => reply.destroy());
        incoming.on('data', (piece: Buffer) => {
          if (pieces.reduce((sum, { length }) => sum + length, 0) < KEPT_BODY_BYTES) pieces.push(piece);
        });
        incoming.pipe(outgoing);
        incoming.once('end', () => {
          const body = Buffer.concat(pieces).toString('latin1');
          proxy.requests.push({ method, url: new URL(url, target), headers, body });
        });
      }),
    );
    await new Promise<void>((listening) => proxy.#server.listen(0, '127.0.0.1', listening));
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}
