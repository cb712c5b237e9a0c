import { showBytes } from '../../lib/domain/bytes.ts';
import { reportLine } from '../../lib/local/setup/report-line.ts';
import { makeBenchDatabase } from './bench-database.ts';
import { type ByHand, dumpThenCopy, dumpToNowhere } from './by-hand.ts';
import { loadNow } from './machine-facts.ts';
import { peakMemory } from './memory.ts';
import type { BenchOptions } from './options.ts';
import { ratios } from './pairs.ts';
import type { Results } from './results.ts';
import type { Stand } from './stand.ts';
import { TaskStage } from './task-stage.ts';

const DATABASE = 'bench';

export interface BenchParts {
  readonly stand: Stand;
  /** The AWS CLI, where there is one. */
  readonly awsCli: string | undefined;
}

/** All measurements, one after the other. */
export async function bench({ size, runs }: BenchOptions, { stand, awsCli }: BenchParts): Promise<Results> {
  const load = loadNow();
  const databaseBytes = await makeBenchDatabase(stand.server, DATABASE, size);
  reportLine(`made a database of ${showBytes(databaseBytes)}`);

  const stage = new TaskStage(stand);
  await stage.prepare();
  // not measured: its reads come from the disk, and its receipt tells which compression there will be
  const { receipt } = await stage.run(DATABASE, 'auto');
  const compression = receipt.client.compression;
  const place: ByHand = { ...stand, database: DATABASE };

  const task = async (): Promise<number> => (await stage.run(DATABASE, 'auto')).seconds;
  const overPgDump = await ratios(runs, {
    over: { name: 'the task', measure: task },
    under: { name: `pg_dump --compress=${compression}`, measure: () => dumpToNowhere(place, compression) },
  });
  const overTask =
    awsCli &&
    (await ratios(Math.ceil(runs / 2), {
      over: { name: 'pg_dump -Z9, then aws s3 cp', measure: () => dumpThenCopy(place, awsCli) },
      under: { name: 'the task', measure: task },
    }));
  const memory = await peakMemory(stand, size);
  return { size, load, databaseBytes, receipt, overPgDump, memory, ...(overTask && { overTask }) };
}
