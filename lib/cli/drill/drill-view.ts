import { drillPlanKey, drillRecordKey } from '../../domain/backup/operation-keys.ts';
import { type DrillItem, DrillPlan } from '../../domain/drill/drill-plan.ts';
import { DrillEvidence, DrillRecord } from '../../domain/drill/evidence.ts';
import { inTurn } from '../../runtime/in-turn.ts';
import type { Vault } from '../../runtime/vault.ts';
import { KnownDocuments } from '../place/known-documents.ts';
import type { LostEnd } from '../place/lost-execution.ts';
import type { Finding } from '../place/vault-document.ts';

export interface DrillItemView {
  readonly item: DrillItem;
  /** What its drill showed. */
  readonly evidence?: DrillEvidence;
  /** What the record says of it: also of a drill that left no evidence. */
  readonly recorded?: DrillRecord['drills'][number];
}

/** What the vault knows of a drill run. */
export interface DrillView {
  readonly plan: DrillPlan;
  readonly items: readonly DrillItemView[];
  readonly ended: boolean;
  /** How its execution ended where it left none. Only `show` asks for that. */
  readonly lost?: LostEnd;
  readonly record?: DrillRecord;
  readonly findings: readonly Finding[];
}

/** Looks at a drill run again and again. Each document is read once. */
export class DrillReader {
  readonly #name: string;
  readonly #documents: KnownDocuments;

  constructor(vault: Vault, name: string) {
    this.#documents = new KnownDocuments(vault);
    this.#name = name;
  }

  /** Undefined until there is a plan: then nothing is known but the execution. */
  async look(): Promise<DrillView | undefined> {
    const plan = await this.#documents.read(drillPlanKey(this.#name), DrillPlan);
    if (!plan) return undefined;
    const record = await this.#documents.read(drillRecordKey(this.#name), DrillRecord);
    const recorded = new Map(record?.drills.map((one) => [one.key, one]));
    const items = await inTurn(plan.items, async (item) => {
      const evidence = await this.#documents.read(item.evidenceKey, DrillEvidence);
      const told = recorded.get(item.key);
      return { item, ...(evidence && { evidence }), ...(told && { recorded: told }) };
    });
    const ended = record !== undefined || this.#documents.isDamaged(drillRecordKey(this.#name));
    return { plan, items, ended, ...(record && { record }), findings: this.#documents.findings };
  }
}
