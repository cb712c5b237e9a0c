import { renderReport } from '../../domain/run/report.ts';
import type { RunRecord } from '../../domain/run/run-record.ts';
import type { Backend } from '../place/backend.ts';
import type { RunView } from './run-view.ts';

/** The report of a run that has ended, as the mail shows it; its commands lead to the place that was asked. */
export function reportLines({ plan, found }: RunView, record: RunRecord, { vault, flags }: Backend): readonly string[] {
  const { sources: outcomes, retention, failure } = record;
  const finishedAt = new Date(record.finishedAt);
  const night = { plan, ...(found && { found }), outcomes, retention, finishedAt, ...(failure && { failure }) };
  const { body } = renderReport({ vault: vault.bucket, ...night });
  return body
    .trimEnd()
    .split('\n')
    .map((line) => (/^ +nightproof [a-z]/.test(line) ? `${line}${flags}` : line));
}
