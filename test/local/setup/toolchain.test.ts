import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { thisMachine } from '../../../lib/local/setup/machine.ts';
import { ensureToolchain } from '../../../lib/local/setup/toolchain.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';
import { stubProgram } from '../../support/stub-program.ts';
import { toolchain } from '../../support/toolchain.ts';

const READY = fileURLToPath(new URL('../../../lib/local/setup/ready.ts', import.meta.url));
const NOWHERE = 'http://127.0.0.1:9';

it('downloads nothing the second time: it is ready without a network', async () => {
  await toolchain();
  const env = { ...process.env, PIP_INDEX_URL: NOWHERE, GOPROXY: NOWHERE, https_proxy: NOWHERE, http_proxy: NOWHERE };

  const { stderr } = await promisify(execFile)(process.execPath, [READY], { env });

  expect(stderr).toMatch(/^nightproof: ready: PostgreSQL [^\n]*\n$/);
});

it('brings at least two majors of PostgreSQL, each client of one with its own server', async () => {
  const majors = (await toolchain()).postgres.filter((install) => install.hasServer).map((install) => install.major);

  expect(majors).toEqual(expect.arrayContaining([16, 18]));
});

it('names the command, and leaves nothing behind, where it can bring neither Python nor what comes by it', async () => {
  const folder = scratchFolder();
  const bin = join(folder, 'bin');
  stubProgram(bin, 'apt-get', 'echo touched > "$0.touched"');
  const machine = {
    ...thisMachine(() => undefined, { NIGHTPROOF_CACHE: join(folder, 'cache') }),
    searchPath: [bin],
    isRoot: false,
  };

  await expect(ensureToolchain(machine, { everyPostgresMajor: false })).rejects.toMatchObject({
    name: 'SetupError',
    command: 'sudo apt-get install -y --no-install-recommends python3 python3-venv',
  });

  expect(readdirSync(bin)).toEqual(['apt-get']);
});
