import type { Metric } from '../run/night-metrics.ts';
import type { RestoreRecord } from './restore-record.ts';

/** The figures of a restore: how long each source took, and whether all of it went well. */
export const restoreMetrics = ({ items, status }: RestoreRecord): readonly Metric[] => [
  ...items.flatMap((item): Metric[] => {
    if (item.result !== 'restored') return [];
    const { verify, restore, compare } = item.seconds;
    return [{ name: 'RestoreSeconds', unit: 'Seconds', value: verify + restore + compare, sourceId: item.item.sourceId }];
  }),
  { name: 'RestoreSuccess', unit: 'Count', value: status === 'failed' ? 0 : 1 },
];
