import { artifactKey, manifestKey, outcomeKey, retentionKey, runFolder, runRecordKey, tryPrefix } from '../domain/keys.ts';
import type { Plan } from '../domain/plan.ts';
import { TryRecord } from '../domain/receipt.ts';
import { RunRecord } from '../domain/run-record.ts';
import { SourceOutcome } from '../domain/source-outcome.ts';
import { inTurn } from '../runtime/in-turn.ts';
import { sourceIn } from '../runtime/run-documents.ts';
import type { Vault } from '../runtime/vault.ts';
import type { Finding } from './inventory.ts';
import { readDocument } from './vault-document.ts';

/** Where a source is in a run. `dump` includes waiting for a free place. */
export const SOURCE_STEPS = ['dump', 'verify', 'promote', 'verified', 'failed'] as const;
export type SourceStep = (typeof SOURCE_STEPS)[number];

export interface SourceView {
  readonly sourceId: string;
  readonly step: SourceStep;
  /** Verified by an earlier attempt at the slot, so this one passes it by. */
  readonly earlier: boolean;
  readonly outcome?: SourceOutcome;
  /** What its tries in this attempt left, oldest first. Read only while nothing better is known: for open and failed sources. */
  readonly tries: readonly TryRecord[];
}

/** What the vault knows of one attempt at a slot. */
export interface RunView {
  readonly plan: Plan;
  readonly sources: readonly SourceView[];
  /** Whether it left a record, be it one that can be read or not. */
  readonly ended: boolean;
  /** Whether retention has decided, so that only the report is missing. */
  readonly retained: boolean;
  readonly record?: RunRecord;
  readonly findings: readonly Finding[];
}

/**
 * Looks at a run again and again. Documents of the vault never change, so each is read once; a look costs one listing and what
 * is new.
 */
export class RunReader {
  readonly #vault: Vault;
  readonly #plan: Plan;
  readonly #known = new Map<string, unknown>();
  readonly #findings = new Map<string, Finding>();

  constructor(vault: Vault, plan: Plan) {
    this.#vault = vault;
    this.#plan = plan;
  }

  async look(): Promise<RunView> {
    const keys = new Set<string>();
    // without the slash: the record lies beside the folder
    for await (const { key } of this.#vault.list(runFolder(this.#plan.slot).slice(0, -1))) keys.add(key);

    const recordKey = runRecordKey(this.#plan);
    const record = keys.has(recordKey) ? await this.#read(recordKey, RunRecord) : undefined;
    const settled = new Map(record?.sources.map((outcome) => [outcome.sourceId, outcome]));
    const sources = await inTurn(this.#plan.sources, ({ id }) => this.#source(id, keys, settled.get(id)));
    const flags = { ended: keys.has(recordKey), retained: keys.has(retentionKey(this.#plan)) };
    return { plan: this.#plan, sources, ...flags, ...(record && { record }), findings: [...this.#findings.values()] };
  }

  /** What the record says of a source stands: it knows also of those that vanished without a word. */
  async #source(sourceId: string, keys: ReadonlySet<string>, recorded: SourceOutcome | undefined): Promise<SourceView> {
    if (this.#plan.alreadyVerified.includes(sourceId)) return { sourceId, step: 'verified', earlier: true, tries: [] };
    const key = outcomeKey(this.#plan, sourceId);
    const outcome = recorded ?? (keys.has(key) ? await this.#read(key, SourceOutcome) : undefined);
    if (outcome?.status === 'verified') return { sourceId, step: 'verified', earlier: false, outcome, tries: [] };

    const tries = await this.#tries(sourceId, keys);
    if (outcome) return { sourceId, step: 'failed', earlier: false, outcome, tries };
    return { sourceId, step: await this.#openStep(sourceId, tries.at(-1)), earlier: false, tries };
  }

  /** A receipt says that the dump is done, a manifest that it is verified; what was before this attempt says nothing. */
  async #openStep(sourceId: string, newest: TryRecord | undefined): Promise<SourceStep> {
    if (newest?.result !== 'receipt') return 'dump';
    const { kind } = sourceIn(this.#plan, sourceId);
    const key = manifestKey(artifactKey({ tier: 'daily', sourceId, slot: this.#plan.slot, kind }));
    if (!this.#known.has(key) && (await this.#vault.head(key))) this.#known.set(key, true);
    return this.#known.has(key) ? 'promote' : 'verify';
  }

  async #tries(sourceId: string, keys: ReadonlySet<string>): Promise<readonly TryRecord[]> {
    const prefix = tryPrefix(this.#plan.slot, sourceId);
    const found = [...keys].filter((key) => key.startsWith(prefix)).sort();
    const tries = await inTurn(found, (key) => this.#read(key, TryRecord));
    return tries.flatMap((one) => (one && timeOf(one) >= Date.parse(this.#plan.claimedAt) ? [one] : []));
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

const timeOf = (record: TryRecord): number => Date.parse(record.result === 'failure' ? record.at : record.receipt.finishedAt);
