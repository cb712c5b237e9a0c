// `npm run bench`: the dump task against pg_dump on this machine, as ratios.
import { endTogether } from '../../lib/local/servers/end-together.ts';
import { processGroup } from '../../lib/local/servers/process-group.ts';
import { thisMachine } from '../../lib/local/setup/machine.ts';
import type { PostgresInstall } from '../../lib/local/setup/postgres.ts';
import { reported, reportLine } from '../../lib/local/setup/report-line.ts';
import { ensureToolchain, type Toolchain } from '../../lib/local/setup/toolchain.ts';
import { bench } from './bench.ts';
import { findAwsCli } from './by-hand.ts';
import { type BenchOptions, BenchUsageError, readBenchOptions } from './options.ts';
import { resultLines } from './results.ts';
import { setUpStand } from './stand.ts';

endTogether();
try {
  const options = readBenchOptions(process.argv.slice(2));
  if (options) await reported(run(options));
} catch (error) {
  if (!(error instanceof BenchUsageError)) throw error;
  reportLine(error.message);
  process.exitCode = 2;
}

async function run(options: BenchOptions): Promise<void> {
  const machine = thisMachine(reportLine);
  const toolchain = await ensureToolchain(machine, { everyPostgresMajor: options.postgres !== undefined });
  const install = chosen(toolchain, options);
  const results = await bench(options, { stand: await setUpStand(install, toolchain), awsCli: await findAwsCli(machine) });
  for (const line of resultLines(results)) process.stdout.write(`${line}\n`);
  await processGroup.stop();
}

function chosen({ postgres }: Toolchain, { postgres: major }: BenchOptions): PostgresInstall {
  const servers = postgres.filter(({ hasServer }) => hasServer);
  const found = servers.find((install) => major === undefined || install.major === major);
  if (found) return found;
  throw new BenchUsageError(`no server of PostgreSQL ${major}; there are: ${servers.map(({ version }) => version).join(', ')}`);
}
