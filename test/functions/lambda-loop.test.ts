import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { type Handler, runtimeLoop } from '../../functions/verify/lambda-loop.ts';
import { Failure } from '../../lib/domain/outcomes.ts';

interface Posted {
  readonly path: string;
  readonly errorType: string | undefined;
  readonly body: unknown;
}

/** The Runtime API, as Lambda serves it to one process: hands out events, takes answers, then closes. */
class RuntimeApi {
  readonly posted: Posted[] = [];
  readonly #events: unknown[];
  readonly #server: Server;

  constructor(events: unknown[]) {
    this.#events = [...events];
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.replace('/2018-06-01/runtime', '') ?? '';
    if (request.method === 'POST') {
      const errorType = request.headers['lambda-runtime-function-error-type'];
      this.posted.push({ path, errorType: errorType as string | undefined, body: await json(request) });
      response.writeHead(202, { 'Content-Type': 'application/json' }).end('{"status":"OK"}');
      return;
    }
    if (this.#events.length === 0) {
      // the sandbox is over
      response.writeHead(410).end();
      return;
    }
    const id = `request-${this.posted.length + 1}`;
    response.writeHead(200, { 'Lambda-Runtime-Aws-Request-Id': id }).end(JSON.stringify(this.#events.shift()));
  }
}

let api: RuntimeApi | undefined;
afterEach(() => api?.close());

async function served(events: unknown[], load: () => Promise<Handler>): Promise<readonly Posted[]> {
  api = new RuntimeApi(events);
  await expect(runtimeLoop(await api.listen(), load)).rejects.toThrow(/answered|VAULT_BUCKET/);
  return api.posted;
}

const always = (handler: Handler) => async () => handler;

it('answers one event after the other', async () => {
  const posted = await served(
    [{ n: 1 }, { n: 2 }],
    always(async (event) => ({ got: event })),
  );
  expect(posted).toEqual([
    { path: '/invocation/request-1/response', errorType: undefined, body: { got: { n: 1 } } },
    { path: '/invocation/request-2/response', errorType: undefined, body: { got: { n: 2 } } },
  ]);
});

it('reports a failure by its name, on which Step Functions routes, and goes on', async () => {
  const handler = async (event: unknown) => {
    if (event === 'bad') throw new Failure('damaged', 'one byte differs');
    return 'good';
  };
  const posted = await served(['bad', 'next'], always(handler));

  const error = { errorType: 'Nightproof.damaged', errorMessage: 'one byte differs' };
  expect(posted[0]).toMatchObject({ path: '/invocation/request-1/error', errorType: 'Nightproof.damaged', body: error });
  expect(posted[1]).toMatchObject({ path: '/invocation/request-2/response', body: 'good' });
});

it('answers null where the handler has nothing to say', async () => {
  const [answer] = await served(
    [{}],
    always(async () => undefined),
  );
  expect(answer).toMatchObject({ path: '/invocation/request-1/response', body: null });
});

it('reports a handler that cannot be loaded, and ends', async () => {
  const posted = await served([{}], async () => {
    throw new Error('The environment variable VAULT_BUCKET is not set.');
  });
  expect(posted).toHaveLength(1);
  expect(posted[0]).toMatchObject({
    path: '/init/error',
    errorType: 'Error',
    body: { errorMessage: expect.stringContaining('VAULT_BUCKET') },
  });
});

it('reports something thrown that is no error', async () => {
  const [answer] = await served(
    [{}],
    always(() => Promise.reject('no')),
  );
  expect(answer).toMatchObject({ path: '/invocation/request-1/error', errorType: 'Error' });
});
