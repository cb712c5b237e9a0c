import type { ArtifactName } from '../../lib/domain/backup/keys.ts';
import { artifactKey, membersKey } from '../../lib/domain/backup/keys.ts';
import type { DatabaseReceipt, GlobalsReceipt, Receipt, TreeReceipt } from '../../lib/domain/backup/receipt.ts';
import { receiptOf } from './night.ts';

/** The receipt of a database; that of anything else fails the test. */
export function databaseReceipt(receipt: Receipt): DatabaseReceipt {
  if (receipt.kind === 'database') return receipt;
  throw new Error(`this is a receipt of ${receipt.kind}, not of a database`);
}

/** What the receipts of all kinds have, for an artifact of these bytes. */
function commonFields(name: ArtifactName, body: Buffer) {
  const { kind: _, server, client, exitCodes: __, contents: ___, ...common } = receiptOf(name.sourceId, name.slot, body);
  return { common: { ...common, key: artifactKey(name) }, server, client };
}

export function globalsReceiptOf(name: ArtifactName, body: Buffer, facts: Partial<GlobalsReceipt> = {}): GlobalsReceipt {
  const { common, server, client } = commonFields(name, body);
  const { databaseBytes: _, ...ofServer } = server;
  return {
    ...common,
    kind: 'globals',
    server: ofServer,
    client,
    exitCodes: { pgDumpall: 0 },
    contents: { roles: 5, settings: 2, tablespaces: 0, passwords: true },
    ...facts,
  };
}

/** A tree of three files with 2,048 bytes. */
export function treeReceiptOf(kind: TreeReceipt['kind'], name: ArtifactName, body: Buffer): TreeReceipt {
  const { common, client } = commonFields(name, body);
  const sha256 = 'c'.repeat(64);
  const members = { key: membersKey(common.key, common.sha256), count: 4, sha256 };
  const contents = { files: 3, directories: 1, links: 0, others: 0, bytes: 2048, tar: { bytes: 10_240, sha256 }, members };
  return { ...common, kind, client, exitCodes: { tar: 0 }, contents };
}
