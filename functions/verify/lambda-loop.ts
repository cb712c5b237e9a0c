import { Agent, type OutgoingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';

const RUNTIME = '/2018-06-01/runtime';

export type Handler = (event: unknown) => Promise<unknown>;

/** Sends one request to the Runtime API; with a body it posts. */
type Call = (path: string, body?: unknown, headers?: OutgoingHttpHeaders) => Promise<Reply>;

interface Reply {
  readonly requestId: string;
  readonly body: string;
}

/**
 * Speaks Lambda's Runtime API: asks for an invocation, answers it, asks again. The image is Debian's, for PostgreSQL's
 * clients; Lambda's own runtime is for Amazon Linux, and its stand-alone client has to be compiled.
 *
 * It ends by throwing, when the handler cannot be loaded or Lambda cannot be reached; Lambda then starts a new process.
 */
export async function runtimeLoop(api: string, load: () => Promise<Handler>): Promise<never> {
  const call = callerOf(api);
  const handler = await load().catch(async (error: unknown) => {
    await fail(call, '/init/error', error);
    throw error;
  });
  for (;;) {
    const { requestId, body } = await call('/invocation/next');
    const invocation = `/invocation/${requestId}`;
    try {
      const result = await handler(JSON.parse(body));
      await call(`${invocation}/response`, result ?? null);
    } catch (error) {
      await fail(call, `${invocation}/error`, error);
    }
  }
}

/** Step Functions routes on the type. */
async function fail(call: Call, path: string, thrown: unknown): Promise<void> {
  const error = thrown instanceof Error ? thrown : new Error(`something was thrown that is no error (${typeof thrown})`);
  const { name, message, stack = '' } = error;
  const report = { errorType: name, errorMessage: message, stackTrace: stack.split('\n') };
  await call(path, report, { 'Lambda-Runtime-Function-Error-Type': name });
}

/**
 * Not `fetch`: it gives up after five minutes without an answer, and the next invocation may be a day away. An idle process is
 * frozen meanwhile, so no timeout means anything here.
 */
function callerOf(api: string): Call {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return (path, body, headers = {}) =>
    new Promise((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST';
      const sent = request(`http://${api}${RUNTIME}${path}`, { agent, method, headers }, (response) => {
        const { statusCode = 0 } = response;
        const requestId = String(response.headers['lambda-runtime-aws-request-id'] ?? '');
        if (statusCode >= 400) reject(new Error(`The Runtime API answered ${path} with ${statusCode}`));
        text(response).then((answer) => resolve({ requestId, body: answer }), reject);
      });
      sent.once('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
}
