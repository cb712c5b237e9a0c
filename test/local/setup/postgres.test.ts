import { expect, it } from 'vitest';
import { thisMachine } from '../../../lib/local/setup/machine.ts';
import { ensurePostgres, findPostgres } from '../../../lib/local/setup/postgres.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';
import { stubProgram } from '../../support/stub-program.ts';
import { toolchain } from '../../support/toolchain.ts';

const machineWith = (...searchPath: string[]) => ({ ...thisMachine(() => undefined), searchPath });

const isWheel = (binDir: string): boolean => binDir.includes('pixeltable');

const isDebian = (binDir: string): boolean => binDir.startsWith('/usr/lib/postgresql');

it('finds each installation once, by whatever name it is reached', async () => {
  const { postgres } = await toolchain();
  const folders = postgres.map((install) => install.binDir);

  const found = await findPostgres(machineWith(...folders, ...folders, scratchFolder()));

  expect(found.map((install) => install.binDir)).toEqual(folders);
});

it('passes by scripts that stand in for a client, as in /usr/bin of Debian', async () => {
  const folder = scratchFolder();
  for (const name of ['pg_dump', 'pg_restore', 'psql']) stubProgram(folder, name, 'echo "pg_dump (PostgreSQL) 17.2"');

  expect(await findPostgres(machineWith(folder))).toEqual([]);
});

it('asks each client what it can compress with', async () => {
  const { postgres } = await toolchain();
  const wheel = postgres.filter((install) => isWheel(install.binDir));

  // The wheel's 16 and 18 are new enough for zstd, and built without it.
  expect(wheel.map((install) => install.compressions)).toEqual([['gzip'], ['gzip']]);
});

it('is content with the server that the machine has, unless every major is wanted', async () => {
  const { postgres } = await toolchain();
  const [first] = postgres.filter((install) => install.hasServer);
  const folder = first?.binDir ?? '';
  const noPython = (): Promise<never> => Promise.reject(new Error('asked for Python'));

  const found = await ensurePostgres(machineWith(folder), noPython, { everyMajor: false });
  const brought = await ensurePostgres(machineWith(scratchFolder()), noPython, { everyMajor: false });
  const every = await ensurePostgres(machineWith(folder), noPython, { everyMajor: true });

  expect(found.map((install) => install.binDir)).toEqual([folder]);
  expect(brought.map((install) => install.major)).toEqual([18, 16]);
  expect(new Set(every.map((install) => install.major))).toEqual(new Set([first?.major, 18, 16]));
});

it('says that it has contrib only where the extensions lie', async () => {
  const { postgres } = await toolchain();

  const known = postgres.filter(({ binDir }) => isWheel(binDir) || isDebian(binDir));

  expect(known.map(({ hasContrib }) => hasContrib)).toEqual(known.map(({ binDir }) => isDebian(binDir)));
});
