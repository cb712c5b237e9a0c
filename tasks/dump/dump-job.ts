import type { Receipt } from '../../lib/domain/backup/receipt.ts';
import type { Source } from '../../lib/domain/source/source.ts';
import type { Slot } from '../../lib/domain/time/slot.ts';
import type { PostgresClient } from '../../lib/runtime/postgres/clients.ts';
import type { CredentialSources } from '../../lib/runtime/postgres/credentials.ts';
import type { Ticker } from '../../lib/runtime/ticker.ts';
import type { GnuTar } from '../../lib/runtime/tree/gnu-tar.ts';
import type { MultipartUpload } from '../../lib/runtime/upload/multipart-upload.ts';
import type { ObjectTags, Vault } from '../../lib/runtime/vault.ts';

/** One source of one slot. */
export interface DumpJob {
  readonly source: Source;
  readonly slot: Slot;
}

export interface DumpResult {
  readonly how: 'stored' | 'adopted';
  readonly receipt: Receipt;
}

/** The programs of a running backup, by id. */
export type DumpProcesses = Readonly<Partial<Record<'pgDump' | 'pgRestore' | 'pgDumpall' | 'tar', number>>>;

/** What follows a backup along, for logs. */
export interface DumpObserver {
  /** All that could be asked beforehand was asked; the facts are names and numbers. */
  preflightPassed?(facts: Readonly<Record<string, string | number | boolean>>): void;
  /** The programs are about to start. */
  streaming?(client: { readonly version: string; readonly compression: string }): void;
  streamed?(bytes: number, processes: DumpProcesses): void;
  /** The receipt is written; the object appears next. */
  completing?(receipt: Receipt): void | Promise<void>;
  /** The object is there. */
  completed?(receipt: Receipt): void | Promise<void>;
  /** Something could not be cleared away; the bucket's lifecycle rule does it a day later. */
  leftBehind?(error: unknown): void;
}

/** A new upload for a key of the vault. `stored` is called with every part that the vault has taken. */
export type UploadFactory = (to: {
  readonly key: string;
  readonly tags: ObjectTags;
  readonly expectedBytes: number;
  readonly stored: () => void;
}) => MultipartUpload;

export interface DumpDependencies {
  readonly vault: Vault;
  readonly newUpload: UploadFactory;
  readonly credentials: CredentialSources;
  readonly clients: () => Promise<readonly PostgresClient[]>;
  readonly tar: () => Promise<GnuTar>;
  /** Where the task's volume is mounted; absent where it has none. */
  readonly volumeFolder?: string;
  readonly now: () => Date;
  readonly ticker: Ticker;
  /** Fires with a `Failure` when the task is told to stop. */
  readonly stop: AbortSignal;
  readonly observer: DumpObserver;
}
