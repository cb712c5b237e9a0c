import { manifestKey } from './keys.ts';
import type { FailureFacts } from './outcomes.ts';
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

/** Sources of which nothing was removed though something may be due. */
function doubts({ sources }: RetentionRecord): string[] {
  return sources.flatMap((source) => {
    if (source.result === 'doubtful') return [`${source.sourceId}: nothing was removed: ${source.why}`];
    if (source.result === 'unverified') return [];
    const clock = source.decisions.flatMap(({ reasons }) => reasons).find(({ code }) => code === 'clock-in-doubt');
    return clock ? [`${source.sourceId}: ${clock.text}`] : [];
  });
}

function refusedLines(refused: RetentionRefusals['refused']): string[] {
  if (refused.length === 0) return [];
  const named = refused.slice(0, MAX_NAMED).map(({ key, code }) => `${key} (${code})`);
  const more = refused.length > MAX_NAMED ? ` and ${refused.length - MAX_NAMED} more` : '';
  return [`the vault refused to remove ${named.join(', ')}${more}`];
}
