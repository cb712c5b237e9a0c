import { z } from 'zod';
import { manifestKey } from '../../lib/domain/backup/keys.ts';
import { drillPlanKey, isExecutionName } from '../../lib/domain/backup/operation-keys.ts';
import { type DrillOrder, DrillPlan } from '../../lib/domain/drill/drill-plan.ts';
import { DRILL_TIMEOUT_HOURS } from '../../lib/domain/limits.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { Vault } from '../../lib/runtime/vault.ts';

const SignPayload = z.strictObject({ name: z.string().refine(isExecutionName), n: z.number().int().nonnegative() });

/** Both are read at once; what takes up a connection that broke does so within that time. */
const READ_SECONDS = 3600;

/** The evidence is written at the very end. */
const WRITE_SECONDS = DRILL_TIMEOUT_HOURS * 3600;

/** ECS takes 8,192 characters of overrides in all; the rest of them is names and brackets. */
const MAX_ORDER_CHARACTERS = 7_700;

/** Addresses that allow one thing each, to whoever has them, for so many seconds. */
export interface Signer {
  read(key: string, seconds: number): Promise<string>;
  /** Only where nothing lies under the key yet. */
  writeOnce(key: string, seconds: number): Promise<string>;
}

export interface SignDrillDependencies {
  readonly vault: Vault;
  readonly signer: Signer;
}

/** Signs what the task of one drill needs, right before it starts: an address that was signed for a whole run would be too old for its last drill. */
export const signDrill =
  ({ vault, signer }: SignDrillDependencies) =>
  async (payload: unknown): Promise<DrillOrder> => {
    const { name, n } = SignPayload.parse(payload);
    const plan = await vault.readJson(drillPlanKey(name), DrillPlan);
    const item = plan?.items.find((candidate) => candidate.n === n);
    if (!item) throw new Failure('internal', `${drillPlanKey(name)} has no item ${n}`);
    const order = {
      archiveUrl: await signer.read(item.key, READ_SECONDS),
      manifestUrl: await signer.read(manifestKey(item.key), READ_SECONDS),
      evidenceUrl: await signer.writeOnce(item.evidenceKey, WRITE_SECONDS),
      probes: JSON.stringify(item.probes),
    };
    const characters = JSON.stringify(order).length;
    if (characters > MAX_ORDER_CHARACTERS)
      throw new Failure(
        'probe',
        `the probes of ${item.sourceId} are too long for the variables of a task (${characters} characters)`,
      );
    return order;
  };
