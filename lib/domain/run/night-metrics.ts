import type { RunRecord } from './run-record.ts';

/** One figure, of a source, or of a run, drill or patrol as a whole. */
export interface Metric {
  readonly name:
    | 'Verified'
    | 'DumpBytes'
    | 'DumpSeconds'
    | 'SourcesVerified'
    | 'SourcesFailed'
    | 'BackupsRemoved'
    | 'RestoreSeconds'
    | 'RestoreSuccess'
    | 'DrillSuccess'
    | 'BackupsChecked'
    | 'BackupsDamaged'
    | 'BytesChecked';
  readonly unit: 'Count' | 'Bytes' | 'Seconds';
  readonly value: number;
  readonly sourceId?: string;
}

/** The figures of a night. `Verified` is 0 or 1 for every source asked for, so that its sum and its absence both mean something. */
export function metricsOf({ sources, alreadyVerified, retention }: RunRecord): readonly Metric[] {
  const ofSources = sources.flatMap((outcome): Metric[] => {
    const { sourceId } = outcome;
    if (outcome.status === 'failed') return [{ name: 'Verified', unit: 'Count', value: 0, sourceId }];
    return [
      { name: 'Verified', unit: 'Count', value: 1, sourceId },
      { name: 'DumpBytes', unit: 'Bytes', value: outcome.bytes, sourceId },
      { name: 'DumpSeconds', unit: 'Seconds', value: outcome.durationSeconds, sourceId },
    ];
  });
  const earlier = alreadyVerified.map((sourceId): Metric => ({ name: 'Verified', unit: 'Count', value: 1, sourceId }));
  const failed = sources.filter(({ status }) => status === 'failed').length;
  return [
    ...ofSources,
    ...earlier,
    { name: 'SourcesVerified', unit: 'Count', value: sources.length + alreadyVerified.length - failed },
    { name: 'SourcesFailed', unit: 'Count', value: failed },
    { name: 'BackupsRemoved', unit: 'Count', value: retention.result === 'done' ? retention.removed : 0 },
  ];
}
