import type { Receipt } from '../../lib/domain/backup/receipt.ts';
import type { ArchiveLister } from '../../lib/runtime/pg-restore-list.ts';
import { checkDump } from './check-dump.ts';
import { checkEncrypted } from './check-encrypted.ts';
import { checkGlobals } from './check-globals.ts';
import { checkTree } from './check-tree.ts';

/** Compares stored bytes, as they are read, with what a receipt says that they hold. */
export interface ContentCheck {
  /** Whether the front of an object that is too large to be read whole tells something. */
  readonly looksAtFront: boolean;
  /** Takes the next bytes. False: it needs no more. */
  feed(chunk: Buffer): Promise<boolean>;
  /** Throws `damaged` where the bytes hold something else. Returns what goes into the verification. */
  finish(): Promise<ContentsFound>;
  /** Ends what it started, finished or not. */
  stop(): Promise<void>;
}

export interface ContentsFound {
  /** Of a dump: entries of its table of contents. */
  readonly tocEntries?: number;
}

/** The check for an artifact of this kind. What is encrypted can be opened by nobody here. */
export function contentCheck(receipt: Receipt, lister: (major: number) => ArchiveLister): ContentCheck {
  const { encryption } = receipt;
  if (encryption) return checkEncrypted(receipt, encryption);
  switch (receipt.kind) {
    case 'database':
      return checkDump(receipt, lister(receipt.server.major));
    case 'globals':
      return checkGlobals(receipt);
    case 'files':
    case 'config':
    case 'datedFolder':
      return checkTree(receipt);
  }
}
