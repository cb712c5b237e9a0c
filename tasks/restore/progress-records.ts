import { restoreProgressKey } from '../../lib/domain/backup/operation-keys.ts';
import type { RestorePhase, RestoreProgress } from '../../lib/domain/restore/restore-record.ts';
import type { RestoreObserver } from '../../lib/runtime/restore/restore-job.ts';
import type { Ticker } from '../../lib/runtime/ticker.ts';
import type { Vault } from '../../lib/runtime/vault.ts';

const LOOK_EVERY_MS = 1_000;

/** How long after the one before a look is written down: twice as long each time, so that a day makes 1,400 of them and no more. */
const FIRST_AFTER_MS = 5_000;
const LONGEST_AFTER_MS = 60_000;

export interface ProgressProps {
  readonly vault: Vault;
  readonly name: string;
  readonly item: number;
  readonly ticker: Ticker;
  readonly now: () => Date;
}

/** Writes down how far a restore is, each time under a key of its own. That it cannot is no reason to end a restore. */
export class ProgressRecords implements RestoreObserver {
  readonly #props: ProgressProps;
  readonly #end: () => void;
  #phase: RestorePhase = 'verify';
  #bytes = 0;
  #totalBytes = 0;
  #table: string | undefined;
  #tables = 0;
  #totalTables: number | undefined;
  #looks = 0;
  #after = FIRST_AFTER_MS;
  #writtenAt: number;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(props: ProgressProps) {
    this.#props = props;
    this.#writtenAt = props.ticker.now();
    this.#end = props.ticker.every(LOOK_EVERY_MS, () => this.#look());
  }

  phase(phase: RestorePhase): void {
    this.#phase = phase;
    this.#bytes = 0;
    this.#totalBytes = 0;
    this.#table = undefined;
    this.#tables = 0;
  }

  tables(total: number): void {
    this.#totalTables = total;
  }

  moved(bytes: number, totalBytes: number, table?: string): void {
    this.#bytes = bytes;
    this.#totalBytes = totalBytes;
    if (table === undefined || table === this.#table) return;
    this.#table = table;
    this.#tables++;
  }

  get reached(): RestorePhase {
    return this.#phase;
  }

  /** Ends it; settles when nothing is being written any more. */
  async end(): Promise<void> {
    this.#end();
    await this.#writing;
  }

  #look(): void {
    const { vault, name, item, ticker, now } = this.#props;
    if (ticker.now() - this.#writtenAt < this.#after) return;
    this.#writtenAt = ticker.now();
    this.#after = Math.min(this.#after * 2, LONGEST_AFTER_MS);
    const progress = this.#progress(now());
    this.#writing = vault.putOnce(restoreProgressKey(name, item, this.#looks++), progress).catch(() => undefined);
  }

  #progress(at: Date): RestoreProgress {
    const totalTables = this.#totalTables;
    const counted = this.#phase === 'restore' && totalTables !== undefined;
    return {
      version: 1,
      at: at.toISOString(),
      phase: this.#phase,
      bytes: this.#bytes,
      totalBytes: this.#totalBytes,
      ...(counted && { tables: this.#tables, totalTables }),
    };
  }
}
