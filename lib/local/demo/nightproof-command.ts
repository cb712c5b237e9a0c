import { fileURLToPath } from 'node:url';
import { processGroup } from '../servers/process-group.ts';

const CLI = fileURLToPath(new URL('../../../bin/nightproof.ts', import.meta.url));

/** Runs the CLI as the user would, on the same terminal. Returns its exit code. */
export async function nightproof(...args: readonly string[]): Promise<number> {
  const { closed } = processGroup.spawn(process.execPath, [CLI, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    stopSignal: 'SIGINT',
  });
  const { code } = await closed;
  return code ?? 1;
}
