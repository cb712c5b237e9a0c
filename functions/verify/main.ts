import { requireEnv } from '../../lib/runtime/environment.ts';
import { runtimeLoop } from './lambda-loop.ts';

await runtimeLoop(requireEnv('AWS_LAMBDA_RUNTIME_API'), async () => (await import('./index.ts')).handler);
