import type { TryRecord } from '../../domain/backup/receipt.ts';
import { showBytes } from '../../domain/bytes.ts';
import { plural } from '../../domain/plain-text.ts';
import { showCounts } from '../../domain/run/counts.ts';
import type { SourceOutcome } from '../../domain/run/source-outcome.ts';
import type { Found } from '../../domain/source/found.ts';
import { showDuration } from '../../domain/time/duration.ts';
import type { RunView, SourceView } from './run-view.ts';

/** What happened between two looks at a run, a line each. */
export function eventsBetween(before: RunView | undefined, after: RunView): readonly string[] {
  const known = new Map(before?.sources.map((source) => [source.sourceId, source]));
  return [
    ...(before ? [] : [planned(after)]),
    ...(after.found && !before?.found ? [foundLine(after.found)] : []),
    ...after.sources.flatMap((source) => sourceEvents(known.get(source.sourceId), source)),
    ...(after.retained && !before?.retained ? ['retention has decided'] : []),
    ...(after.record && !before?.record ? ['the report is written'] : []),
  ];
}

function planned({ plan, sources }: RunView): string {
  const earlier = sources.filter((source) => source.earlier).length;
  const rest = earlier > 0 ? `, ${earlier} verified by an earlier attempt` : '';
  return `slot ${plan.slot}, attempt ${plan.attempt}: ${plural(sources.length - earlier, 'source')} to back up${rest}`;
}

const foundLine = ({ sources, failedGroups }: Found): string =>
  `found ${plural(sources.length, 'source')}${failedGroups.length > 0 ? `; not known: what is in ${failedGroups.join(', ')}` : ''}`;

function sourceEvents(before: SourceView | undefined, after: SourceView): readonly string[] {
  const { sourceId, step, earlier, outcome, tries } = after;
  if (earlier) return [];
  const fresh = tries.slice(before?.tries.length ?? 0);
  const moved = step !== (before?.step ?? 'dump');
  return [
    ...fresh.flatMap((one) => (one.result === 'failure' ? [`${sourceId}: a try failed, ${failureOf(one)}`] : [])),
    ...(moved ? [`${sourceId}: ${outcome ? outcomeLine(outcome) : STEPS[step]}`] : []),
  ];
}

const STEPS = {
  discover: 'looking what it holds',
  dump: 'dumping again',
  verify: 'dumped, verifying',
  promote: 'verified, promoting',
  verified: 'verified',
  failed: 'failed',
} as const;

const failureOf = ({ failure }: Extract<TryRecord, { result: 'failure' }>): string => `${failure.reason}: ${failure.detail}`;

/** `verified (448.3 MiB, 12 tables, 1,204,331 rows, 45 s)`, `FAILED (auth: ...)` */
export function outcomeLine(outcome: SourceOutcome): string {
  if (outcome.status === 'failed') return `FAILED (${outcome.failure.reason}: ${outcome.failure.detail})`;
  const { bytes, counts, durationSeconds } = outcome;
  return `verified (${[showBytes(bytes), showCounts(counts), showDuration(durationSeconds)].join(', ')})`;
}
