import { manifestKey } from '../backup/keys.ts';
import type { FailureFacts } from '../outcomes.ts';
import type { Missing } from './listing-doubt.ts';
import type { RetentionDecision } from './retention-decision.ts';
import type { RetentionRecord, RetentionRefusals, RetentionSummary } from './retention-record.ts';

const MAX_NAMED = 5;

/** What the run record says of retention, from what it left in the vault and from what the night failed with, if it did. */
export function summarizeRetention(
  record: RetentionRecord | undefined,
  refusals: RetentionRefusals | undefined,
  failure: FailureFacts | undefined,
): RetentionSummary {
  if (failure) return { result: 'failed', detail: `${failure.reason}: ${failure.detail}` };
  if (!record) return { result: 'failed', detail: 'it left no record' };
  if (record.sources.every(({ result }) => result === 'unverified'))
    return { result: 'skipped', why: 'since no source has a verified backup in this slot' };

  const decisions = record.sources.flatMap((source) => (source.result === 'decided' ? source.decisions : []));
  const refused = refusals?.refused ?? [];
  const still = new Set(refused.map(({ key }) => key));
  const removed = decisions.filter(({ action, key }) => action === 'remove' && !still.has(manifestKey(key))).length;
  return { result: 'done', kept: decisions.length - removed, removed, warnings: [...doubts(record), ...refusedLines(refused)] };
}

/** Sources of which nothing was removed though something may be due, or of which something has vanished. */
function doubts({ sources }: RetentionRecord): string[] {
  return sources.flatMap((source) => {
    if (source.result === 'doubtful') return [`${source.sourceId}: nothing was removed: ${source.why}`];
    if (source.result === 'unverified') return [];
    const { sourceId, decisions, missing } = source;
    const doubt = decisions[0]?.reasons.find(({ code }) => code === 'clock-in-doubt' || code === 'listing-in-doubt');
    if (doubt) return [`${sourceId}: ${doubt.text}`];
    return [...damagedLines(sourceId, decisions), ...(missing ? [missingLine(sourceId, missing)] : [])];
  });
}

function damagedLines(sourceId: string, decisions: readonly RetentionDecision[]): string[] {
  const damaged = decisions.filter(({ reasons }) => reasons[0]?.code === 'damaged').map(({ key }) => key);
  return damaged.length === 0 ? [] : [`${sourceId}: damaged: ${named(damaged, damaged.length)}`];
}

const missingLine = (sourceId: string, { keys, count }: Missing): string =>
  `${sourceId}: no longer there, though the last run kept it: ${named(keys, count)}`;

function refusedLines(refused: RetentionRefusals['refused']): string[] {
  if (refused.length === 0) return [];
  const refusals = refused.map(({ key, code }) => `${key} (${code})`);
  return [`the vault refused to remove ${named(refusals, refused.length)}`];
}

/** The first few of `count` things. */
function named(names: readonly string[], count: number): string {
  const shown = names.slice(0, MAX_NAMED);
  return `${shown.join(', ')}${count > shown.length ? ` and ${count - shown.length} more` : ''}`;
}
