import { drillPlanKey, drillRecordKey } from '../../domain/backup/operation-keys.ts';
import { type DrillItem, DrillPlan } from '../../domain/drill/drill-plan.ts';
import { DrillEvidence, DrillRecord } from '../../domain/drill/evidence.ts';
import { inTurn } from '../../runtime/in-turn.ts';
import type { Vault } from '../../runtime/vault.ts';
import type { Finding } from '../list/inventory.ts';
import { readDocument } from '../place/vault-document.ts';

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
  readonly record?: DrillRecord;
  readonly findings: readonly Finding[];
}

/** Looks at a drill run again and again. Each document is read once. */
export class DrillReader {
  readonly #vault: Vault;
  readonly #name: string;
  readonly #known = new Map<string, unknown>();
  readonly #findings = new Map<string, Finding>();

  constructor(vault: Vault, name: string) {
    this.#vault = vault;
    this.#name = name;
  }

  /** Undefined until there is a plan: then nothing is known but the execution. */
  async look(): Promise<DrillView | undefined> {
    const plan = await this.#read(drillPlanKey(this.#name), DrillPlan);
    if (!plan) return undefined;
    const record = await this.#read(drillRecordKey(this.#name), DrillRecord);
    const recorded = new Map(record?.drills.map((one) => [one.key, one]));
    const items = await inTurn(plan.items, async (item) => {
      const evidence = await this.#read(item.evidenceKey, DrillEvidence);
      const told = recorded.get(item.key);
      return { item, ...(evidence && { evidence }), ...(told && { recorded: told }) };
    });
    const ended = record !== undefined || this.#findings.has(drillRecordKey(this.#name));
    return { plan, items, ended, ...(record && { record }), findings: [...this.#findings.values()] };
  }

  async #read<T>(key: string, schema: Parameters<typeof readDocument<T>>[2]): Promise<T | undefined> {
    if (this.#known.has(key)) return this.#known.get(key) as T;
    const document = await readDocument(this.#vault, key, schema);
    if ('damaged' in document) this.#findings.set(key, { key, problem: document.damaged });
    const found = 'found' in document ? document.found : undefined;
    if (found !== undefined) this.#known.set(key, found);
    return found;
  }
}
