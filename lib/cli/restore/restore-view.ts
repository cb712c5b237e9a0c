import type { ZodType } from 'zod';
import {
  restoreItemKey,
  restorePlanKey,
  restoreProgressPrefix,
  restoreRecordKey,
  restoreServicesKey,
} from '../../domain/backup/operation-keys.ts';
import { type RestoreItem, RestorePlan } from '../../domain/restore/restore-plan.ts';
import { RestoreItemRecord, RestoreProgress, RestoreRecord, StoppedServices } from '../../domain/restore/restore-record.ts';
import { inTurn } from '../../runtime/in-turn.ts';
import type { Vault } from '../../runtime/vault.ts';
import { KnownDocuments } from '../place/known-documents.ts';
import type { LostEnd } from '../place/lost-execution.ts';
import type { Finding } from '../place/vault-document.ts';

/** How far an item is, and how fast: since the first look at its phase. */
export interface ItemProgress extends RestoreProgress {
  /** Undefined until there are two looks at one phase. */
  readonly bytesPerSecond?: number;
}

export interface ItemView {
  readonly item: RestoreItem;
  readonly progress?: ItemProgress;
  /** What became of it. */
  readonly record?: RestoreItemRecord;
}

/** What the vault knows of a restore. */
export interface RestoreView {
  readonly plan: RestorePlan;
  readonly items: readonly ItemView[];
  readonly services?: StoppedServices;
  /** Whether it left a record, be it one that can be read or not. */
  readonly ended: boolean;
  /** How its execution ended where it left none. Only `show` asks for that. */
  readonly lost?: LostEnd;
  readonly record?: RestoreRecord;
  readonly findings: readonly Finding[];
}

/** Looks at a restore again and again. Each document is read once; a look costs one listing and what is new. */
export class RestoreReader {
  readonly #vault: Vault;
  readonly #name: string;
  readonly #documents: KnownDocuments;
  /** The first look at the phase that each item is in. */
  readonly #began = new Map<number, RestoreProgress>();

  constructor(vault: Vault, name: string) {
    this.#vault = vault;
    this.#documents = new KnownDocuments(vault);
    this.#name = name;
  }

  /** Undefined until there is a plan: then nothing is known but the execution. */
  async look(): Promise<RestoreView | undefined> {
    const recordKey = restoreRecordKey(this.#name);
    const keys = new Set<string>();
    // the record lies beside the folder
    for await (const { key } of this.#vault.list(recordKey.slice(0, -'.json'.length))) keys.add(key);

    const plan = await this.#read(keys, restorePlanKey(this.#name), RestorePlan);
    if (!plan) return undefined;
    const record = await this.#read(keys, recordKey, RestoreRecord);
    const services = await this.#read(keys, restoreServicesKey(this.#name), StoppedServices);
    const recorded = new Map(record?.items.map((one) => [one.item.n, one]));
    const items = await inTurn(plan.items, (item) => this.#item(item, keys, recorded.get(item.n)));
    return {
      plan,
      items,
      ...(services && { services }),
      ended: keys.has(recordKey),
      ...(record && { record }),
      findings: this.#documents.findings,
    };
  }

  async #item(item: RestoreItem, keys: ReadonlySet<string>, recorded: RestoreItemRecord | undefined): Promise<ItemView> {
    const record = recorded ?? (await this.#read(keys, restoreItemKey(this.#name, item.n), RestoreItemRecord));
    if (record) return { item, record };
    const prefix = restoreProgressPrefix(this.#name, item.n);
    const newest = [...keys]
      .filter((key) => key.startsWith(prefix))
      .sort()
      .at(-1);
    const progress = newest && (await this.#read(keys, newest, RestoreProgress));
    return { item, ...(progress && { progress: this.#timed(item.n, progress) }) };
  }

  #timed(n: number, progress: RestoreProgress): ItemProgress {
    const first = this.#began.get(n);
    if (!first || first.phase !== progress.phase || progress.bytes < first.bytes) {
      this.#began.set(n, progress);
      return progress;
    }
    const seconds = (Date.parse(progress.at) - Date.parse(first.at)) / 1000;
    return seconds > 0 ? { ...progress, bytesPerSecond: (progress.bytes - first.bytes) / seconds } : progress;
  }

  async #read<T>(keys: ReadonlySet<string>, key: string, schema: ZodType<T>): Promise<T | undefined> {
    return keys.has(key) ? this.#documents.read(key, schema) : undefined;
  }
}
