// What Lambda's Node runtime is for zip functions: loads the handler that `_HANDLER` names from LAMBDA_TASK_ROOT, takes
// invocations from the Runtime API and posts back what comes of them. A program of its own, run by lambda-process.ts.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';

type Handler = (event: unknown, context: object) => unknown;

const { _HANDLER = '', LAMBDA_TASK_ROOT = '', AWS_LAMBDA_RUNTIME_API = '', AWS_LAMBDA_FUNCTION_NAME = '' } = process.env;
const api = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;

let running: string | undefined;
for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, (thrown) => void crash(thrown));

const handler = await load().catch(async (thrown: unknown) => {
  await post('init/error', describe(thrown));
  process.exit(1);
});
while (true) await handleNext(handler);

async function load(): Promise<Handler> {
  const [file = '', name = ''] = _HANDLER.split('.');
  const module = (await import(pathToFileURL(join(LAMBDA_TASK_ROOT, `${file}.mjs`)).href)) as Record<string, unknown>;
  if (typeof module[name] !== 'function')
    throw Object.assign(new Error(`${_HANDLER} is undefined or not exported`), { name: 'Runtime.HandlerNotFound' });
  return module[name] as Handler;
}

async function handleNext(handle: Handler): Promise<void> {
  const next = await fetch(`${api}/invocation/next`);
  const requestId = next.headers.get('lambda-runtime-aws-request-id') ?? '';
  const deadline = Number(next.headers.get('lambda-runtime-deadline-ms'));
  const event: unknown = await next.json();
  running = requestId;
  try {
    const result = await handle(event, {
      awsRequestId: requestId,
      functionName: AWS_LAMBDA_FUNCTION_NAME,
      invokedFunctionArn: next.headers.get('lambda-runtime-invoked-function-arn'),
      getRemainingTimeInMillis: () => deadline - Date.now(),
    });
    await post(`invocation/${requestId}/response`, result ?? null);
  } catch (thrown) {
    await post(`invocation/${requestId}/error`, describe(thrown));
  }
  running = undefined;
}

async function post(path: string, body: unknown): Promise<void> {
  await fetch(`${api}/${path}`, { method: 'POST', body: JSON.stringify(body) });
}

async function crash(thrown: unknown): Promise<void> {
  process.stderr.write(`${inspect(thrown)}\n`);
  if (running !== undefined) await post(`invocation/${running}/error`, describe(thrown));
  process.exit(129);
}

/** The form of Lambda's own Node runtime. */
function describe(thrown: unknown): object {
  if (!(thrown instanceof Error)) return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
  return { errorType: thrown.name, errorMessage: thrown.message, trace: (thrown.stack ?? '').split('\n') };
}
