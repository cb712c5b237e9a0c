import type { S3Client } from '@aws-sdk/client-s3';
import type { Source } from '../../../lib/domain/source/source.ts';
import type { Slot } from '../../../lib/domain/time/slot.ts';
import type { CaseClock } from './case-clock.ts';
import type { CaseNotes } from './case-result.ts';
import type { CaseVault } from './case-vault.ts';
import type { DrawnCase } from './draw-case.ts';
import type { GatedServer, LaneRig } from './lane-rig.ts';

/** All that belongs to one case. */
export interface CaseContext {
  readonly rig: LaneRig;
  readonly drawn: DrawnCase;
  readonly store: CaseVault;
  /** The store through the proxy. */
  readonly s3: S3Client;
  readonly source: Source;
  readonly slot: Slot;
  readonly planKey: string;
  /** Where the database is; for trees any server. */
  readonly gated: GatedServer;
  readonly clock: CaseClock;
  readonly notes: CaseNotes;
}

export const jobOf = ({ planKey, source }: CaseContext) => ({ planKey, id: source.id });
