// `npm run prove`: the long versions of what npm test shows with few cases; docs/proof says how they went.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endTogether } from '../../lib/local/servers/end-together.ts';
import { processGroup } from '../../lib/local/servers/process-group.ts';
import { cacheFolder } from '../../lib/local/setup/cache-folder.mjs';
import { thisMachine } from '../../lib/local/setup/machine.ts';
import { reported, reportLine } from '../../lib/local/setup/report-line.ts';
import { ensureToolchain, type Toolchain } from '../../lib/local/setup/toolchain.ts';
import { VERSIONS } from '../../lib/local/setup/versions.ts';
import { machineFacts } from '../bench/machine-facts.ts';
import { type ProveOptions, ProveUsageError, readProveOptions } from './options.ts';
import type { Proof } from './proof.ts';
import { writeRecord } from './proof-record.ts';
import { type ProofState, ProofStateFile } from './proof-state.ts';
import { PROOFS } from './proofs.ts';
import { Reporter } from './reporter.ts';
import { NOTHING_DONE, runProof, type Violation } from './run-proof.ts';

const TREE = fileURLToPath(new URL('../..', import.meta.url));
const RECORDS = join(TREE, 'docs/proof');

endTogether();
try {
  const options = readProveOptions(process.argv.slice(2));
  if (options) await reported(prove(options));
} catch (error) {
  if (!(error instanceof ProveUsageError)) throw error;
  reportLine(error.message);
  process.exitCode = 2;
}

async function prove(options: ProveOptions): Promise<void> {
  const toolchain = await ensureToolchain(thisMachine(reportLine), { everyPostgresMajor: true });
  const deadline = performance.now() + (options.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  for (const proof of PROOFS.filter(({ name }) => options.only === undefined || name === options.only)) {
    const violation = await proveOne(proof, toolchain, { ...options, deadline });
    if (!violation) continue;
    reportLine(`VIOLATED: ${proof.name}, case ${violation.index}: ${violation.what.join('; ')}`);
    reportLine(`again: npm run prove -- --only ${proof.name} --seed ${options.seed} --from ${violation.index} --count 1`);
    process.exitCode = 1;
    break;
  }
  await processGroup.stop();
}

/** Runs what is left of a proof within the time, and writes down how far it came. A look at some cases again writes nothing. */
async function proveOne(
  proof: Proof,
  toolchain: Toolchain,
  { seed, from, count, resume, deadline }: ProveOptions & { readonly deadline: number },
): Promise<Violation | undefined> {
  const file = new ProofStateFile(join(cacheFolder(), 'prove'), proof.name, seed);
  const known: ProofState = resume ? file.read() : { ...NOTHING_DONE, commits: [] };
  const before = from === undefined ? known : { ...NOTHING_DONE, next: from };
  const until = (from ?? 0) + (count ?? proof.cases);
  const commits = [...new Set([...known.commits, commitNow()])];

  const reporter = new Reporter(proof.name, until, before);
  const bench = await proof.open(toolchain);
  try {
    const { progress, violation } = await runProof(bench, {
      seed,
      before,
      until,
      goOn: () => performance.now() < deadline,
      progress: (at) => {
        if (reporter.tell(at) && from === undefined) file.write({ ...at, commits });
      },
    });
    reporter.end(progress);
    if (from !== undefined) {
      // no record is written, so what was counted is said here
      for (const [what, times] of Object.entries(sorted(progress.tally))) reportLine(`${proof.name}: ${what}: ${times}`);
      return violation;
    }
    // what was violated is met again when the run is resumed
    if (!violation) file.write({ ...progress, commits });
    const missing = proof.missing(progress.tally);
    const { tally, worst, violations, seconds } = progress;
    writeRecord(RECORDS, {
      proof: proof.name,
      claim: proof.claim,
      complete: progress.next >= proof.cases && missing.length + violations.length === 0,
      date: new Date().toISOString().slice(0, 10),
      seed,
      cases: { asked: proof.cases, done: progress.next },
      figures: {
        ...proof.figures(progress.next, tally),
        ...Object.fromEntries(violations.length === 0 ? proof.never.map((what) => [what, 0]) : []),
      },
      tally: sorted(tally),
      worst: sorted(worst),
      missing: [...missing],
      violations: [...violations],
      seconds: Math.round(seconds),
      versions: {
        nightproof: commits,
        node: process.versions.node,
        postgresql: toolchain.postgres.filter(({ hasServer }) => hasServer).map(({ version }) => version),
        versitygw: VERSIONS.versitygw,
      },
      machine: machineFacts(),
    });
    return violation;
  } finally {
    await bench.close();
  }
}

function sorted(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The commit of this tree, and whether it was changed since. */
function commitNow(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: TREE, encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', ':!docs/proof') !== '';
    return `${git('rev-parse', '--short=10', 'HEAD')}${changed ? ' and changes' : ''}`;
  } catch {
    return 'no commit';
  }
}
