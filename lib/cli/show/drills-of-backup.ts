import { parseArtifactKey, stemOf } from '../../domain/backup/keys.ts';
import type { Manifest } from '../../domain/backup/manifest.ts';
import { restoreSeconds } from '../../domain/drill/evidence.ts';
import { showDuration } from '../../domain/time/duration.ts';
import { nextRun } from '../../domain/time/next-run.ts';
import { instantOf } from '../../domain/time/slot.ts';
import { drillTimesOf } from '../../runtime/drill-evidence.ts';
import { inTurn } from '../../runtime/in-turn.ts';
import { evidenceLines } from '../drill/evidence-lines.ts';
import { type Drill, readDrill } from '../list/last-drill.ts';
import type { Backend } from '../place/backend.ts';
import { hanging, showInstant } from '../terminal/fields.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** As many earlier drills as are shown and read. */
const MOST_SHOWN = 10;

/** What is known of the drills of a backup. */
export interface DrillHistory {
  /** The newest first, at most `MOST_SHOWN`. */
  readonly drills: readonly Drill[];
  /** Those that are older still. */
  readonly older: number;
  /** When the schedule drills again; undefined where it does not, or that is not known. */
  readonly next: Date | undefined;
}

/** The drills of a backup, and when the schedule drills next. */
export async function drillHistory(backend: Backend, manifest: Manifest, now: Date): Promise<DrillHistory> {
  const name = parseArtifactKey(manifest.key);
  const stem = name ? stemOf(name) : '';
  const times = await drillTimesOf(backend.vault, stem);
  const drills = await inTurn(times.slice(0, MOST_SHOWN), (at) => readDrill(backend.vault, at, { stem, manifest }));
  return {
    drills: drills.flatMap((drill) => drill ?? []),
    older: Math.max(0, times.length - MOST_SHOWN),
    next: await nextDrill(backend, now),
  };
}

/** Whoever may not look at schedules can look at backups all the same. */
async function nextDrill(backend: Backend, now: Date): Promise<Date | undefined> {
  try {
    const operations = await backend.operations();
    try {
      const schedule = (await operations.schedules()).find(({ starts }) => starts === 'drill');
      return schedule?.enabled && schedule.cron ? nextRun(schedule.cron, schedule.timeZone, now) : undefined;
    } finally {
      operations.close();
    }
  } catch {
    return undefined;
  }
}

/** The last drill in full, the ones before it a line each. */
export function drillHistoryLines(
  { drills, older, next }: DrillHistory,
  key: string,
  backend: Backend,
  terminal: Terminal,
): readonly string[] {
  const [last, ...before] = drills;
  const planned = next ? hanging('  Next drill  ', `${showInstant(next)}, of the backups that it picks then`) : [];
  if (!last)
    return [
      `Last drill: ${terminal.paint('doubtful', 'never')}`,
      ...hanging('  Drill it    ', `nightproof drill ${key}${backend.flags}`),
      ...planned,
    ];
  return [
    `Last drill: ${resultOf(last, terminal)} on ${showInstant(instantOf(last.at))}`,
    ...evidenceLines(last.evidence, terminal),
    ...(before.length > 0
      ? ['  Before      ', ...before.map((drill) => `    ${lineOf(drill, terminal)}`)].map((line) => line.trimEnd())
      : []),
    ...(older > 0 ? [`    and ${older} more under drills/`] : []),
    ...planned,
  ];
}

const resultOf = ({ evidence }: Drill, terminal: Terminal): string =>
  evidence.result === 'passed' ? terminal.paint('good', 'passed') : terminal.paint('bad', 'FAILED');

function lineOf(drill: Drill, terminal: Terminal): string {
  const { at, evidence } = drill;
  const why =
    evidence.result === 'failed'
      ? `: ${evidence.failure.reason} in ${evidence.phase}`
      : `, restored in ${showDuration(restoreSeconds(evidence))}`;
  return `${showInstant(instantOf(at))}  ${resultOf(drill, terminal)}${why}`;
}
