import type { Manifest } from '../../domain/backup/manifest.ts';
import type { DatabaseReceipt } from '../../domain/backup/receipt.ts';
import type { RestorePhase } from '../../domain/restore/restore-record.ts';
import type { RestoreMode } from '../../domain/restore/restore-request.ts';
import type { Decryption } from '../encryption/age-decryption.ts';
import type { PostgresClient } from '../postgres/clients.ts';
import type { CredentialSources } from '../postgres/credentials.ts';
import type { ReadableVault } from '../verify/watched-reads.ts';
import type { DatabasePlace } from './source-guard.ts';

/** The manifest of a database's backup. */
export type DatabaseManifest = Manifest & { readonly receipt: DatabaseReceipt };

/** One database to be restored. */
export interface RestoreJob {
  readonly manifest: DatabaseManifest;
  readonly target: DatabasePlace;
  /** Where the backup was made, as far as the configuration knows; it is not written over unless `overSource`. */
  readonly source: DatabasePlace | undefined;
  readonly overSource: boolean;
  readonly mode: RestoreMode;
  /** Names or patterns, as `schema.table`. @default all */
  readonly tables?: readonly string[];
  /** False: owners and grants are left out. */
  readonly owners: boolean;
  /** Whether the result is dumped again and compared with the manifest. */
  readonly compare: boolean;
  /** Statements that are run in the database, each list in one transaction. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Goes into the names of databases, as `shop_before_20261127_080000`. */
  readonly stamp: string;
}

/** What follows a restore along. */
export interface RestoreObserver {
  phase?(phase: RestorePhase): void;
  /** How many tables have rows to restore. */
  tables?(total: number): void;
  /** Bytes of the phase, and the table whose rows are moving, as `schema.table`, where that is known. */
  moved?(bytes: number, totalBytes: number, table?: string): void;
  /** The target is otherwise than before, in the words of the record: said before anything can fail that leaves it so. */
  left?(what: string | undefined): void;
}

export interface RestoreDependencies {
  readonly vault: ReadableVault;
  readonly credentials: CredentialSources;
  readonly clients: () => Promise<readonly PostgresClient[]>;
  /** For encrypted backups; without it they are refused. */
  readonly decrypt?: Decryption;
  /** Milliseconds from any start. */
  readonly elapsed: () => number;
  readonly signal: AbortSignal;
  readonly observer: RestoreObserver;
}

/** What became of it; times in seconds. */
export interface RestoredDatabase {
  /** The name under which it is now. */
  readonly database: string;
  /** After a swap: the name under which the former one is kept. */
  readonly before?: string;
  readonly serverVersion: string;
  readonly tables: number;
  readonly rows: number;
  readonly compared: boolean;
  /** Stored bytes. */
  readonly bytes: number;
  readonly seconds: { readonly verify: number; readonly restore: number; readonly compare: number };
  readonly warnings: readonly string[];
}
