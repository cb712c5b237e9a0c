import { manifestKey, parseArtifactKey, RUNS_PREFIX } from '../backup/keys.ts';
import type { SweepCode, SweepDecision, SweepPlan } from './sweep-decision.ts';
import { Families, type Family } from './sweep-families.ts';
import { RunsSeen } from './sweep-runs.ts';

const HOUR_MS = 3_600_000;

/** Objects removed in one run, and uploads aborted: each takes a call or two, and the next run goes on. */
const CAP = 500;

/** Of more leftovers than these only the number is remembered, whatever lies in the vault. */
const MAX_REMEMBERED = 10_000;
const MAX_NAMED = 100;

/** What nightproof writes and never sweeps: records of runs, and evidence of restore tests. */
const RECORD_PREFIXES = [RUNS_PREFIX, 'drills/'];

export interface SweptObject {
  readonly key: string;
  readonly lastModified: Date;
}

export interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly initiated: Date;
}

export interface SweepSettings {
  readonly now: Date;
  /** No run is alive after so many hours. */
  readonly longestRunHours: number;
  /** Key of the plan of the run that sweeps: the listing must show it, and the run does not wait for itself. */
  readonly own?: string;
  readonly max?: number;
}

export interface SweepInput extends SweepSettings {
  readonly uploads: Iterable<OpenUpload>;
  /** All tiers, and the runs that can be alive, in the order in which S3 would list them. */
  readonly objects: Iterable<SweptObject>;
}

/** Something that belongs to no backup, and when it was last known to be worked on. */
interface Leftover {
  readonly key: string;
  readonly uploadId?: string;
  readonly at: number;
}

/** Decides what to remove of what killed runs have left behind. */
export function planSweep({ uploads, objects, ...settings }: SweepInput): SweepPlan {
  const sweep = new Sweep(settings);
  for (const upload of uploads) sweep.seeUpload(upload);
  for (const object of objects) sweep.seeObject(object);
  return sweep.plan();
}

/**
 * `planSweep` for a listing that comes in pages: holds what may have to go, and not what it was shown.
 *
 * Age is measured by the store's clock: something is old when the vault holds something that was written more than the longest run
 * after it. The caller's clock can only make it younger, so no wrong clock takes what is in flight.
 */
export class Sweep {
  readonly #settings: SweepSettings;
  readonly #longestMs: number;
  readonly #cap: number;
  readonly #young: string;
  readonly #capped: string;
  readonly #runs = new RunsSeen();
  readonly #families = new Families();
  readonly #uploads: Leftover[] = [];
  readonly #objects: Leftover[] = [];
  readonly #left: SweepDecision[] = [];
  readonly #counts: Partial<Record<SweepCode, number>> = {};
  #newest = Number.NEGATIVE_INFINITY;

  constructor(settings: SweepSettings) {
    this.#settings = settings;
    this.#longestMs = settings.longestRunHours * HOUR_MS;
    this.#cap = settings.max ?? CAP;
    this.#young = `a run lasts up to ${settings.longestRunHours} hours, and may be writing it`;
    this.#capped = `a run sweeps at most ${this.#cap}, the oldest first`;
  }

  seeUpload({ key, uploadId, initiated }: OpenUpload): void {
    this.#witness(initiated);
    if (!parseArtifactKey(key)) this.#leave({ key, uploadId }, 'unknown-key', UNKNOWN);
    else this.#remember(this.#uploads, { key, uploadId, at: initiated.getTime() });
  }

  seeObject({ key, lastModified }: SweptObject): void {
    this.#witness(lastModified);
    if (RECORD_PREFIXES.some((prefix) => key.startsWith(prefix))) {
      this.#runs.see(key, lastModified.getTime());
      return;
    }
    const name = parseArtifactKey(key);
    if (name) this.#end(this.#families.see(key, name, lastModified.getTime()));
    else this.#leave({ key }, 'unknown-key', UNKNOWN);
  }

  /** Call it once, when everything has been shown. */
  plan(): SweepPlan {
    this.#end(this.#families.end());
    const since = Math.min(this.#settings.now.getTime(), this.#newest) - this.#longestMs;
    const aborts = this.#settle(this.#uploads, since, undefined);
    const removals = this.#settle(this.#objects, since, this.#hindrance(since));
    return { decisions: [...removals, ...aborts, ...this.#left], counts: { ...this.#counts } };
  }

  #witness(instant: Date): void {
    this.#newest = Math.max(this.#newest, instant.getTime());
  }

  #end(families: readonly Family[]): void {
    for (const { artifact, parts, manifest, present, at } of families) {
      if (manifest && !present) this.#leave({ key: manifestKey(artifact) }, 'damaged', `its artifact ${artifact} is gone`);
      if (!manifest) for (const key of parts) this.#remember(this.#objects, { key, at });
    }
  }

  #remember(leftovers: Leftover[], leftover: Leftover): void {
    if (this.#settings.now.getTime() - leftover.at <= this.#longestMs) this.#leave(leftover, 'may-be-in-flight', this.#young);
    else if (leftovers.length < MAX_REMEMBERED) leftovers.push(leftover);
    else this.#leave(leftover, 'sweep-cap', this.#capped);
  }

  /** What forbids to remove any object at all. */
  #hindrance(since: number): SweepDecision['reason'] | undefined {
    const { own } = this.#settings;
    const doubt = (text: string): SweepDecision['reason'] => ({ code: 'listing-in-doubt', text });
    if (!this.#families.ordered) return doubt('objects came out of order, so what has a manifest cannot be told');
    if (own !== undefined && !this.#runs.claimed(own)) return doubt(`the listing does not show ${own}, the plan of this run`);
    const alive = this.#runs.alive(since, own);
    return alive === undefined
      ? undefined
      : { code: 'run-alive', text: `the run of ${alive} may be alive, and may adopt what an earlier one has left` };
  }

  /** The oldest go first. */
  #settle(leftovers: readonly Leftover[], since: number, hindrance: SweepDecision['reason'] | undefined): SweepDecision[] {
    const going: SweepDecision[] = [];
    for (const leftover of [...leftovers].sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1))) {
      if (!(leftover.at < since)) this.#leave(leftover, 'may-be-in-flight', this.#young);
      else if (hindrance) this.#leave(leftover, hindrance.code, hindrance.text);
      else if (going.length >= this.#cap) this.#leave(leftover, 'sweep-cap', this.#capped);
      else going.push(this.#condemn(leftover));
    }
    return going;
  }

  #condemn({ key, uploadId, at }: Leftover): SweepDecision {
    const code = uploadId === undefined ? 'no-manifest' : 'upload-abandoned';
    const since = `${new Date(at).toISOString()}, and no run lasts longer than ${this.#settings.longestRunHours} hours`;
    const text = uploadId === undefined ? `it has no manifest since ${since}` : `open since ${since}`;
    this.#count(code);
    return uploadId === undefined
      ? { key, action: 'remove', reason: { code, text } }
      : { key, uploadId, action: 'abort', reason: { code, text } };
  }

  #leave({ key, uploadId }: Pick<Leftover, 'key' | 'uploadId'>, code: SweepCode, text: string): void {
    if (this.#count(code) <= MAX_NAMED)
      this.#left.push({ key, ...(uploadId !== undefined && { uploadId }), action: 'leave', reason: { code, text } });
  }

  #count(code: SweepCode): number {
    const count = (this.#counts[code] ?? 0) + 1;
    this.#counts[code] = count;
    return count;
  }
}

const UNKNOWN = 'nightproof writes no such key';
