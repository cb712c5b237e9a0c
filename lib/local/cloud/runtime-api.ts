import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LOOPBACK } from '../servers/free-port.ts';

export interface Invocation {
  readonly requestId: string;
  readonly functionArn: string;
  /** When the function is stopped, in milliseconds since 1970. */
  readonly deadline: number;
  /** The event, as JSON. */
  readonly payload: string;
}

/** What a function answered: the body it posted, JSON as a rule, and as what. */
export interface Answer {
  readonly kind: 'response' | 'error';
  readonly body: string;
}

/** The Lambda Runtime API for one invocation, on a free port of its own. */
export class RuntimeApi {
  readonly #server: Server;
  readonly #invocation: Invocation;
  #handed = false;
  readonly #answered = Promise.withResolvers<Answer>();
  readonly #idle = Promise.withResolvers<void>();

  private constructor(invocation: Invocation) {
    this.#invocation = invocation;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(invocation: Invocation): Promise<RuntimeApi> {
    const api = new RuntimeApi(invocation);
    await new Promise<void>((resolve, reject) => api.#server.once('error', reject).listen(0, LOOPBACK, resolve));
    return api;
  }

  /** For AWS_LAMBDA_RUNTIME_API. */
  get address(): string {
    return `${LOOPBACK}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The function's answer; never, if it ends without one. */
  get answered(): Promise<Answer> {
    return this.#answered.promise;
  }

  /** When the function asks for the next invocation: all it wanted to do for this one is done. */
  get idle(): Promise<void> {
    return this.#idle.promise;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').replace('/2018-06-01/runtime/', '');
    const { requestId } = this.#invocation;
    if (request.method === 'GET' && path === 'invocation/next') return this.#next(response);

    const kind = {
      [`invocation/${requestId}/response`]: 'response',
      [`invocation/${requestId}/error`]: 'error',
      'init/error': 'error',
    }[path];
    if (request.method !== 'POST' || (kind !== 'response' && kind !== 'error')) return void response.writeHead(404).end();
    const body = await text(request);
    response.writeHead(202).end();
    this.#answered.resolve({ kind, body });
  }

  /** The second call is never answered: there is one invocation a process. */
  #next(response: ServerResponse): void {
    if (this.#handed) this.#idle.resolve();
    else this.#hand(response);
  }

  #hand(response: ServerResponse): void {
    this.#handed = true;
    const { requestId, functionArn, deadline, payload } = this.#invocation;
    const headers = {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': requestId,
      'lambda-runtime-deadline-ms': String(deadline),
      'lambda-runtime-invoked-function-arn': functionArn,
    };
    response.writeHead(200, headers).end(payload);
  }
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
