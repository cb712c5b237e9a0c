import { thisMachine } from '../../lib/local/setup/machine.ts';
import { findPostgres, type PostgresInstall } from '../../lib/local/setup/postgres.ts';
import { unpackedPackingPostgres } from '../../lib/local/setup/postgres-wheel.ts';
import { ensurePython } from '../../lib/local/setup/python.ts';
import { reportLine } from '../../lib/local/setup/report-line.ts';

/** A PostgreSQL whose programs know gzip, zstd and lz4, so that backups of every packing can be made and read. */
export async function packingPostgres(): Promise<PostgresInstall> {
  const machine = thisMachine(reportLine);
  const folder = await unpackedPackingPostgres(machine, () => ensurePython(machine));
  const [found] = await findPostgres({ ...machine, searchPath: [folder] });
  if (found) return found;
  throw new Error(`there is no PostgreSQL in ${folder}`);
}
