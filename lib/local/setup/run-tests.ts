// What `npm test` does once Node 24 runs: brings the toolchain, then checks, then tests, up to the first failure.
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endTogether } from '../servers/end-together.ts';
import { processGroup } from '../servers/process-group.ts';
import { thisMachine } from './machine.ts';
import { reported, reportLine } from './report-line.ts';
import { ensureToolchain } from './toolchain.ts';

const TREE = fileURLToPath(new URL('../../..', import.meta.url));
const PATH = [join(TREE, 'node_modules/.bin'), process.env.PATH].join(delimiter);

let interrupted = false;
endTogether(() => {
  interrupted = true;
});
const toolchain = await reported(ensureToolchain(thisMachine(reportLine), { everyPostgresMajor: true }));
const env = { ...process.env, PATH, NIGHTPROOF_TOOLCHAIN: JSON.stringify(toolchain) };

for (const command of [...checks(), ['vitest', 'run', ...process.argv.slice(2)]]) {
  reportLine(command.join(' '));
  const code = await run(command);
  // what was stopped with us has not failed; this process ends by its signal
  if (interrupted) await new Promise(() => undefined);
  if (code === 0) continue;
  reportLine(`failed: ${command.join(' ')}`);
  process.exit(code);
}

/** The steps of the script `check` of package.json, so that both stay the same. */
function checks(): string[][] {
  const { scripts } = JSON.parse(readFileSync(join(TREE, 'package.json'), 'utf8')) as { scripts: { check: string } };
  return scripts.check.split('&&').map((step) => step.trim().split(/\s+/));
}

async function run([program = '', ...args]: readonly string[]): Promise<number> {
  const child = processGroup.spawn(join(TREE, 'node_modules/.bin', program), args, {
    cwd: TREE,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const { code } = await child.closed;
  return code ?? 1;
}
