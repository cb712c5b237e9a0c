import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong with a request on its way to the store, or with the reply on its way back. */
export type Fault =
  /** The store answers 503 and does nothing. */
  | 'slow down'
  /** The connection is reset in the middle of the body. */
  | 'reset'
  /** One bit of the body changes. */
  | 'flipped bit'
  /** The store does what it was told, and nobody hears of it. */
  | 'lost reply'
  /** The connection breaks in the middle of the reply's body. */
  | 'half a reply'
  /** The store answers 200, and says in the body that it failed. */
  | 'error in a 200'
  | Death;

/** Whoever sent the request dies: before the store hears of it, when the store has done it, or when its answer was handed over. */
export interface Death {
  readonly when: 'asked' | 'done' | 'answered';
  readonly kill: () => void;
}

const ERROR_BODY = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>InternalError</Code><Message>try again</Message></Error>';

/** A proxy before a store that lets everything pass but for the faults that a test has planned. */
export class FaultProxy {
  readonly #server: Server;
  readonly #target: URL;
  readonly #planned: { readonly fault: Fault; readonly matches: (request: IncomingMessage) => boolean; left: number }[] = [];
  readonly requests: string[] = [];

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((incoming, reply) => this.#handle(incoming, reply));
  }

  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next `times` requests of this method whose URL has such a part meet with this fault. */
  plan(fault: Fault, method: string, urlPart: string, times = 1): void {
    const matches = ({ method: used, url = '' }: IncomingMessage) => used === method && url.includes(urlPart);
    this.#planned.push({ fault, matches, left: times });
  }

  /** Faults that no request has met. A test that plans one proves nothing unless it was met. */
  get unmet(): number {
    return this.#planned.reduce((sum, { left }) => sum + left, 0);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #handle(incoming: IncomingMessage, reply: ServerResponse): void {
    this.requests.push(`${incoming.method} ${incoming.url}`);
    const plan = this.#planned.find(({ left, matches }) => left > 0 && matches(incoming));
    if (plan) plan.left--;
    const fault = plan?.fault;
    if (typeof fault === 'object' && fault.when === 'asked') die(fault, incoming);
    else if (fault === 'reset') incoming.once('data', () => incoming.socket.resetAndDestroy());
    else if (fault === 'slow down') refuse(incoming, reply, 503);
    else if (fault === 'error in a 200') refuse(incoming, reply, 200);
    else this.#forward(incoming, reply, fault);
  }

  #forward(incoming: IncomingMessage, reply: ServerResponse, fault: Fault | undefined): void {
    const { expect: _, ...headers } = incoming.headers;
    const { hostname: host, port } = this.#target;
    const outgoing = request({ host, port, method: incoming.method, path: incoming.url, headers, agent: false }, (answer) => {
      if (fault === 'lost reply') {
        answer.resume().once('end', () => incoming.socket.resetAndDestroy());
        return;
      }
      if (typeof fault === 'object' && fault.when === 'done') {
        answer.resume().once('end', () => die(fault, incoming));
        return;
      }
      if (typeof fault === 'object') reply.once('finish', fault.kill);
      reply.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
      if (fault === 'half a reply') breakOff(answer, reply);
      else answer.pipe(reply);
    });
    outgoing.once('error', () => reply.destroy());
    let flipped = fault !== 'flipped bit';
    incoming.on('data', (piece: Buffer) => {
      if (!flipped) piece[0] = (piece[0] ?? 0) ^ 1;
      flipped = true;
      outgoing.write(piece);
    });
    incoming.once('end', () => outgoing.end());
    incoming.once('error', () => outgoing.destroy());
  }
}

function die({ kill }: Death, incoming: IncomingMessage): void {
  kill();
  incoming.socket.resetAndDestroy();
}

/** Hands on so many bytes as have certainly left, then ends the connection. */
function breakOff(answer: IncomingMessage, reply: ServerResponse): void {
  answer.once('data', (piece: Buffer) => {
    answer.destroy();
    reply.write(piece, () => reply.socket?.end());
  });
}

function refuse(incoming: IncomingMessage, reply: ServerResponse, status: number): void {
  incoming.resume().once('end', () => {
    reply.writeHead(status, { 'content-type': 'application/xml' });
    reply.end(ERROR_BODY.replace('InternalError', status === 503 ? 'SlowDown' : 'InternalError'));
  });
}
