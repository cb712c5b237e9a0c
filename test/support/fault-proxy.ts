import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong with a request on its way to the store, or with the reply on its way back. */
export type Fault =
  /** The store answers 503 and does nothing. */
  | 'slow down'
  /** The store answers 500 and does nothing. */
  | 'server error'
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
  | Flip
  | Delay
  | Interlude
  | Death;

/** One bit changes at such a share (0 to 1) of the body of the request, or of the reply. */
export interface Flip {
  readonly flip: 'request' | 'reply';
  readonly share: number;
}

/** The store does what it was told, and the reply comes so much later. */
export interface Delay {
  readonly delayMs: number;
}

/** Something else happens while the request stands still before the store. */
export interface Interlude {
  readonly before: () => Promise<void>;
}

/** Whoever sent the request dies: before the store hears of it, when the store has done it, or when its answer was handed over. */
export interface Death {
  readonly when: 'asked' | 'done' | 'answered';
  readonly kill: () => void;
}

/** A fault that waits for its requests, and how often it has really been inflicted. */
export interface PlannedFault {
  readonly met: number;
}

/** Which requests meet with a fault: the first `times` from number `from` on (the first is 0) that suit it. */
export interface Meeting {
  readonly from?: number;
  readonly times?: number;
  readonly suits?: (request: IncomingMessage) => boolean;
}

interface Plan {
  readonly fault: Fault;
  readonly from: number;
  readonly suits: (request: IncomingMessage) => boolean;
  left: number;
  met: number;
}

const ERROR_BODY = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>InternalError</Code><Message>try again</Message></Error>';

/** A proxy before a store that lets everything pass but for the faults that a test has planned. */
export class FaultProxy {
  readonly #server: Server;
  readonly #target: URL;
  #planned: Plan[] = [];
  /** The requests so far, as method and URL. */
  requests: string[] = [];

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((incoming, reply) => void this.#handle(incoming, reply));
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
    const suits = ({ method: used, url = '' }: IncomingMessage) => used === method && url.includes(urlPart);
    this.inflict(fault, { times, suits });
  }

  /** Requests meet with this fault. */
  inflict(fault: Fault, { from = 0, times = 1, suits = () => true }: Meeting): PlannedFault {
    const plan: Plan = { fault, from, suits, left: times, met: 0 };
    this.#planned.push(plan);
    return plan;
  }

  /** Faults that no request has met. A test that plans one proves nothing unless it was met. */
  get unmet(): number {
    return this.#planned.reduce((sum, { left }) => sum + left, 0);
  }

  /** Everything passes from now on. */
  forget(): void {
    this.#planned = [];
  }

  /** The next request is number 0 again. */
  countAnew(): void {
    this.requests = [];
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(incoming: IncomingMessage, reply: ServerResponse): Promise<void> {
    const number = this.requests.push(`${incoming.method} ${incoming.url}`) - 1;
    // a client that gives up does so again and again
    incoming.on('error', () => undefined);
    reply.on('error', () => undefined);
    const plan = this.#planned.find(({ left, from, suits }) => left > 0 && number >= from && suits(incoming));
    if (plan) plan.left--;
    const fault = plan?.fault;
    const met = (): void => {
      if (plan) plan.met++;
    };
    if (fault === 'reset') {
      incoming.once('data', () => {
        met();
        incoming.socket.resetAndDestroy();
      });
    } else if (fault === 'slow down') refuse(incoming, reply, 503, met);
    else if (fault === 'server error') refuse(incoming, reply, 500, met);
    else if (fault === 'error in a 200') refuse(incoming, reply, 200, met);
    else if (typeof fault === 'object' && 'when' in fault && fault.when === 'asked') die(fault, incoming, met);
    else if (typeof fault === 'object' && 'before' in fault) {
      met();
      await fault.before().catch(() => undefined);
      this.#forward(incoming, reply, undefined, met);
    } else this.#forward(incoming, reply, fault, met);
  }

  #forward(incoming: IncomingMessage, reply: ServerResponse, fault: Fault | undefined, met: () => void): void {
    const { expect: _, ...headers } = incoming.headers;
    const { hostname: host, port } = this.#target;
    const outgoing = request({ host, port, method: incoming.method, path: incoming.url, headers, agent: false }, (answer) => {
      answer.on('error', () => reply.destroy());
      handBack(answer, reply, incoming, { fault, met });
    });
    outgoing.once('error', () => reply.destroy());
    const flip = flipOf(fault, 'request', incoming, met);
    incoming.on('data', (piece: Buffer) => {
      outgoing.write(flip(piece));
    });
    incoming.once('end', () => outgoing.end());
    incoming.once('error', () => outgoing.destroy());
  }
}

/** Gives a reply of the store to whoever asked, or does not. */
function handBack(
  answer: IncomingMessage,
  reply: ServerResponse,
  incoming: IncomingMessage,
  { fault, met }: { readonly fault: Fault | undefined; readonly met: () => void },
): void {
  if (fault === 'lost reply') {
    answer.resume().once('end', () => {
      met();
      incoming.socket.resetAndDestroy();
    });
    return;
  }
  const death = typeof fault === 'object' && 'when' in fault ? fault : undefined;
  if (death?.when === 'done') {
    answer.resume().once('end', () => die(death, incoming, met));
    return;
  }
  if (death)
    reply.once('finish', () => {
      met();
      death.kill();
    });
  const pass = (): void => {
    reply.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
    if (fault === 'half a reply') breakOff(answer, reply, met);
    else {
      const flip = flipOf(fault, 'reply', answer, met);
      answer.on('data', (piece: Buffer) => reply.write(flip(piece)));
      answer.once('end', () => reply.end());
    }
  };
  if (typeof fault === 'object' && 'delayMs' in fault) {
    met();
    setTimeout(pass, fault.delayMs);
  } else pass();
}

/** Changes one bit of a body that comes in pieces, if the fault is of this direction. */
function flipOf(
  fault: Fault | undefined,
  direction: Flip['flip'],
  { headers }: IncomingMessage,
  met: () => void,
): (piece: Buffer) => Buffer {
  const whole = fault === 'flipped bit' ? { flip: 'request', share: 0 } : fault;
  if (typeof whole !== 'object' || !('flip' in whole) || whole.flip !== direction) return (piece) => piece;
  const length = Number(headers['content-length']);
  let seen = 0;
  let flipped = false;
  return (piece) => {
    const position = Math.floor(whole.share * (length > 0 ? length : piece.length)) - seen;
    seen += piece.length;
    if (flipped || position >= piece.length) return piece;
    const at = Math.max(0, position);
    piece[at] = (piece[at] ?? 0) ^ 1;
    flipped = true;
    met();
    return piece;
  };
}

function die({ kill }: Death, incoming: IncomingMessage, met: () => void): void {
  met();
  kill();
  incoming.socket.resetAndDestroy();
}

/** Hands on so many bytes as have certainly left, then ends the connection. */
function breakOff(answer: IncomingMessage, reply: ServerResponse, met: () => void): void {
  answer.once('end', () => reply.end());
  answer.once('data', (piece: Buffer) => {
    met();
    answer.destroy();
    reply.write(piece.subarray(0, Math.ceil(piece.length / 2)), () => reply.socket?.end());
  });
}

function refuse(incoming: IncomingMessage, reply: ServerResponse, status: number, met: () => void): void {
  incoming.resume().once('end', () => {
    met();
    reply.writeHead(status, { 'content-type': 'application/xml' });
    reply.end(ERROR_BODY.replace('InternalError', status === 503 ? 'SlowDown' : 'InternalError'));
  });
}
