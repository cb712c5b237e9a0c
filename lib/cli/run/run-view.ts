import { foundKey, manifestKey, outcomeKey, retentionKey, runFolder, runRecordKey, tryPrefix } from '../../domain/backup/keys.ts';
import { TryRecord } from '../../domain/backup/receipt.ts';
import type { Plan } from '../../domain/run/plan.ts';
import { alreadyVerifiedIn, groupsOf, sourcesOf } from '../../domain/run/plan-night.ts';
import { RunRecord } from '../../domain/run/run-record.ts';
import { SourceOutcome } from '../../domain/run/source-outcome.ts';
import { artifactKeyOf } from '../../domain/source/artifact-of.ts';
import { Found } from '../../domain/source/found.ts';
import type { Source } from '../../domain/source/source.ts';
import { inTurn } from '../../runtime/in-turn.ts';
import type { Vault } from '../../runtime/vault.ts';
import { KnownDocuments } from '../place/known-documents.ts';
import type { Finding } from '../place/vault-document.ts';

/** Where a source is in a run. `discover`: what a group holds is being looked for; `dump` includes waiting for a free place. */
export const SOURCE_STEPS = ['discover', 'dump', 'verify', 'promote', 'verified', 'failed'] as const;
export type SourceStep = (typeof SOURCE_STEPS)[number];

export interface SourceView {
  readonly sourceId: string;
  /** Absent where this is a group of which it is not known what it holds. */
  readonly source?: Source;
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
  /** What its groups turned out to hold, once that is known. */
  readonly found?: Found;
  readonly sources: readonly SourceView[];
  /** Whether it left a record, be it one that can be read or not. */
  readonly ended: boolean;
  /** Whether retention has decided, so that only the report is missing. */
  readonly retained: boolean;
  readonly record?: RunRecord;
  readonly findings: readonly Finding[];
}

/** What is known of a source before its own records are read. */
interface Told {
  readonly known: Found | undefined;
  readonly outcome: SourceOutcome | undefined;
}

/**
 * Looks at a run again and again. Documents of the vault never change, so each is read once; a look costs one listing and what
 * is new.
 */
export class RunReader {
  readonly #vault: Vault;
  readonly #plan: Plan;
  readonly #documents: KnownDocuments;
  /** Keys of those that are there. */
  readonly #manifests = new Set<string>();

  constructor(vault: Vault, plan: Plan) {
    this.#vault = vault;
    this.#documents = new KnownDocuments(vault);
    this.#plan = plan;
  }

  async look(): Promise<RunView> {
    const keys = new Set<string>();
    // without the slash: the record lies beside the folder; without the plan: the tries of all plans lie in one
    for await (const { key } of this.#vault.list(runFolder({ slot: this.#plan.slot }).slice(0, -1))) keys.add(key);

    const recordKey = runRecordKey(this.#plan);
    const record = keys.has(recordKey) ? await this.#documents.read(recordKey, RunRecord) : undefined;
    const settled = new Map(record?.sources.map((outcome) => [outcome.sourceId, outcome]));
    const known = keys.has(foundKey(this.#plan)) ? await this.#documents.read(foundKey(this.#plan), Found) : undefined;
    const sources = await inTurn(sourcesOf(this.#plan, known), (source) =>
      this.#source(source, keys, { known, outcome: settled.get(source.id) }),
    );
    const open = groupsOf(this.#plan).filter(({ id }) => !known || known.failedGroups.includes(id));
    const groups = await inTurn(open, ({ id }) => this.#group(id, keys, settled.get(id)));
    const flags = { ended: keys.has(recordKey), retained: keys.has(retentionKey(this.#plan)) };
    return {
      plan: this.#plan,
      ...(known && { found: known }),
      sources: [...groups, ...sources],
      ...flags,
      ...(record && { record }),
      findings: this.#documents.findings,
    };
  }

  /** What the record says of a source stands: it knows also of those that vanished without a word. */
  async #source(source: Source, keys: ReadonlySet<string>, { known, outcome: recorded }: Told): Promise<SourceView> {
    const { id: sourceId } = source;
    if (alreadyVerifiedIn(this.#plan, known).has(sourceId))
      return { sourceId, source, step: 'verified', earlier: true, tries: [] };
    const outcome = recorded ?? (await this.#outcome(sourceId, keys));
    if (outcome?.status === 'verified') return { sourceId, source, step: 'verified', earlier: false, outcome, tries: [] };

    const tries = await this.#tries(sourceId, keys);
    if (outcome) return { sourceId, source, step: 'failed', earlier: false, outcome, tries };
    return { sourceId, source, step: await this.#openStep(source, tries.at(-1)), earlier: false, tries };
  }

  /** A group of which it is not known what it holds: its task is at work, or has failed. */
  async #group(sourceId: string, keys: ReadonlySet<string>, recorded: SourceOutcome | undefined): Promise<SourceView> {
    const outcome = recorded ?? (await this.#outcome(sourceId, keys));
    const tries = await this.#tries(sourceId, keys);
    return { sourceId, step: outcome ? 'failed' : 'discover', earlier: false, ...(outcome && { outcome }), tries };
  }

  async #outcome(sourceId: string, keys: ReadonlySet<string>): Promise<SourceOutcome | undefined> {
    const key = outcomeKey(this.#plan, sourceId);
    return keys.has(key) ? this.#documents.read(key, SourceOutcome) : undefined;
  }

  /** A receipt says that the dump is done, a manifest that it is verified; what was before this attempt says nothing. */
  async #openStep(source: Source, newest: TryRecord | undefined): Promise<SourceStep> {
    if (newest?.result !== 'receipt') return 'dump';
    const key = manifestKey(artifactKeyOf(source, this.#plan.slot));
    if (!this.#manifests.has(key) && (await this.#vault.head(key))) this.#manifests.add(key);
    return this.#manifests.has(key) ? 'promote' : 'verify';
  }

  async #tries(sourceId: string, keys: ReadonlySet<string>): Promise<readonly TryRecord[]> {
    const prefix = tryPrefix(this.#plan.slot, sourceId);
    const found = [...keys].filter((key) => key.startsWith(prefix)).sort();
    const tries = await inTurn(found, (key) => this.#documents.read(key, TryRecord));
    return tries.flatMap((one) => (one && timeOf(one) >= Date.parse(this.#plan.claimedAt) ? [one] : []));
  }
}

const timeOf = (record: TryRecord): number => Date.parse(record.result === 'failure' ? record.at : record.receipt.finishedAt);
