import { TIERS } from '../backup/tiers.ts';
import type { RetentionDecision } from './retention-decision.ts';
import type { RetentionRecord } from './retention-record.ts';

/** What retention decided, or would decide, as lines for people: by source and tier, one backup a line with all its reasons. */
export const retentionLines = (sources: RetentionRecord['sources']): readonly string[] => sources.flatMap(sourceLines);

function sourceLines(source: RetentionRecord['sources'][number]): readonly string[] {
  const { sourceId } = source;
  switch (source.result) {
    case 'unverified':
      return [`${sourceId}: everything is kept: it has no verified backup in this slot`];
    case 'doubtful':
      return [`${sourceId}: everything is kept: ${source.why}`];
    case 'decided': {
      const removed = source.decisions.filter(({ action }) => action === 'remove').length;
      const missing = (source.missing?.keys ?? []).map((key) => `  missing ${key}`);
      return [
        `${sourceId}: ${source.decisions.length - removed} kept, ${removed} removed`,
        ...missing,
        ...TIERS.flatMap((tier) => tierLines(source.decisions.filter((decision) => decision.tier === tier))),
      ];
    }
  }
}

function tierLines(decisions: readonly RetentionDecision[]): readonly string[] {
  const [first] = decisions;
  return first ? [`  ${first.tier}`, ...decisions.map(decisionLine)] : [];
}

const decisionLine = ({ action, key, reasons }: RetentionDecision): string =>
  `    ${action.padEnd('remove'.length)}  ${key}  ${reasons.map(({ code, text }) => `${code}: ${text}`).join('; ')}`;
