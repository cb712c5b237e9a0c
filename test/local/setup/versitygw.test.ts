import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { goFor } from '../../../lib/local/setup/go.ts';
import { thisMachine } from '../../../lib/local/setup/machine.ts';
import { ensureVersitygw } from '../../../lib/local/setup/versitygw.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';
import { stubProgram } from '../../support/stub-program.ts';

const noPython = (): Promise<never> => Promise.reject(new Error('asked for Python'));

it("takes the machine's versitygw if it runs, and passes by one that does not", async () => {
  const folder = scratchFolder();
  const [broken, good] = [join(folder, 'broken'), join(folder, 'good')];
  stubProgram(broken, 'versitygw', 'exit 126');
  stubProgram(good, 'versitygw', 'exit 0');

  const found = await ensureVersitygw({ ...thisMachine(() => undefined), searchPath: [broken, good] }, noPython);

  expect(found).toBe(join(good, 'versitygw'));
});

it('builds with a Go that is new enough, and otherwise fetches one', async () => {
  const folder = scratchFolder();
  const [old, good] = [join(folder, 'old'), join(folder, 'good')];
  stubProgram(old, 'go', 'echo go1.24.9');
  stubProgram(good, 'go', 'echo go1.25.0');
  const machine = { ...thisMachine(() => undefined), searchPath: [old, good] };

  expect(await goFor(machine, noPython, folder)).toBe(join(good, 'go'));
  await expect(goFor({ ...machine, searchPath: [old] }, noPython, folder)).rejects.toThrow('asked for Python');
});

it('names the command where the build fails, and leaves nothing half built', async () => {
  const cache = scratchFolder();
  const bin = join(cache, 'bin');
  stubProgram(bin, 'go', '[ "$1" = env ] && echo go1.26.0 || { echo dial tcp: no route to host >&2; exit 1; }');

  const built = ensureVersitygw({ ...thisMachine(() => undefined), cache, searchPath: [bin] }, noPython);

  await expect(built).rejects.toThrow(/no route to host.*This would bring it: {2}go install github.com\/versity\/versitygw/s);
  expect(readdirSync(cache).sort()).toEqual(['bin']);
});
