import type { Receipt } from '../../domain/backup/receipt.ts';
import type { ArchiveLister } from '../pg-restore-list.ts';
import { checkDump } from './check-dump.ts';
import { checkEncrypted } from './check-encrypted.ts';
import { checkGlobals } from './check-globals.ts';
import { checkTree } from './check-tree.ts';
import type { ContentCheck } from './content-check.ts';

/** The check for an artifact of this kind. What is encrypted can be opened by nobody here. */
export function checkFor(receipt: Receipt, lister: (major: number) => ArchiveLister): ContentCheck {
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
