import { type Manifest, memberListOf } from '../../domain/backup/manifest.ts';
import type { Receipt } from '../../domain/backup/receipt.ts';
import { Failure, type FailureFacts, factsOfThrown } from '../../domain/outcomes.ts';
import { listArchive } from '../pg-restore-list.ts';
import type { PostgresClient } from '../postgres/clients.ts';
import { nearestReader } from '../postgres/reader-for.ts';
import { checkDump } from './check-dump.ts';
import { checkFor } from './check-for.ts';
import type { ContentCheck, ContentsFound } from './content-check.ts';
import { decodeDump } from './decode-dump.ts';
import { lookTwice } from './look-twice.ts';
import { readWhole } from './read-stored.ts';
import { readStoredManifest } from './stored-manifest.ts';
import { verifyMembers } from './verify-members.ts';
import { type ReadableVault, type Watching, watchedReads } from './watched-reads.ts';

/** What a look at every byte of a backup found. */
export type DeepFinding =
  | {
      readonly result: 'intact';
      readonly bytes: number;
      /** Whether its contents were read too, and not only its bytes: not of what is encrypted, nor of a dump without a client. */
      readonly decoded: boolean;
    }
  /** Its bytes are wrong, or gone. */
  | { readonly result: 'damaged'; readonly problem: string }
  /** Nothing is known: the vault did not answer, a program was killed. */
  | { readonly result: 'unread'; readonly failure: FailureFacts };

export interface DeepVerifyOptions extends Watching {
  readonly vault: ReadableVault;
  /** Those at hand. Where none can read a dump, its bytes are compared, and not what they hold. */
  readonly clients: readonly PostgresClient[];
}

/**
 * Reads every stored byte of a backup, of whatever size, in a stream: its manifest, which must agree with itself, with its key
 * and with the task's own record; the object, its size, SHA-256 and CRC32; what it holds, decoded to the last row or file; and
 * the list of a tree's members.
 *
 * Damaged is what was found so twice. Throws the reason of the signal once that fires.
 */
export const deepVerify = (key: string, options: DeepVerifyOptions): Promise<DeepFinding> =>
  findingOf(() => lookTwice(() => inspect(key, options)), options.signal);

/** One look, which a fault between here and the vault can deceive. */
export const lookOnce = (key: string, options: DeepVerifyOptions): Promise<DeepFinding> =>
  findingOf(() => inspect(key, options), options.signal);

async function findingOf(look: () => Promise<DeepFinding>, signal: AbortSignal): Promise<DeepFinding> {
  try {
    return await look();
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof Failure && thrown.reason === 'damaged') return { result: 'damaged', problem: thrown.message };
    return { result: 'unread', failure: factsOfThrown(thrown, 'deep verify') };
  }
}

async function inspect(key: string, options: DeepVerifyOptions): Promise<DeepFinding> {
  const { clients } = options;
  const vault = watchedReads(options.vault, options);
  const manifest = await readStoredManifest(vault, key);
  const receipt = receiptAt(manifest);
  const stored = await vault.head(key);
  if (!stored) throw new Failure('damaged', `${key} is gone, though its manifest is there`);
  if (stored.bytes !== receipt.bytes || (stored.crc32 ?? receipt.crc32) !== receipt.crc32)
    throw new Failure(
      'damaged',
      `${key} has ${stored.bytes} bytes, CRC32 ${stored.crc32 ?? 'unknown'}; its manifest says ${receipt.bytes}, ${receipt.crc32}`,
    );

  const { check, decodes } = deepCheckFor(receipt, clients);
  try {
    await readWhole(vault, stored, receipt, check);
    refuseOtherCount(manifest, await check.finish());
  } finally {
    await check.stop();
  }
  if (receipt.kind !== 'database' && receipt.kind !== 'globals') await verifyMembers(vault, receipt);
  return { result: 'intact', bytes: stored.bytes, decoded: decodes };
}

/** The receipt as it would be of this copy: a promoted one has its list of members beside itself. */
function receiptAt({ key, receipt }: Manifest): Receipt {
  const members = memberListOf({ key, receipt });
  if (members === undefined || receipt.kind === 'database' || receipt.kind === 'globals') return { ...receipt, key };
  return { ...receipt, key, contents: { ...receipt.contents, members: { ...receipt.contents.members, key: members } } };
}

interface DeepCheck {
  readonly check: ContentCheck;
  /** Whether it reads what the bytes hold. */
  readonly decodes: boolean;
}

function deepCheckFor(receipt: Receipt, clients: readonly PostgresClient[]): DeepCheck {
  if (receipt.kind !== 'database' || receipt.encryption)
    return { check: checkFor(receipt, noLister), decodes: !receipt.encryption };
  const client = nearestReader(clients, receipt.server.major);
  if (!client) return { check: NOTHING, decodes: false };
  const table = checkDump(receipt, listArchive(client.pgRestore));
  return { check: bothOf(table, decodeDump(receipt, client)), decodes: true };
}

const noLister = (): never => {
  throw new Failure('internal', 'only a dump has a table of contents');
};

/** For bytes that nobody here can read: their hashes alone are compared. */
const NOTHING: ContentCheck = {
  looksAtFront: false,
  feed: async () => false,
  finish: async () => ({}),
  stop: async () => undefined,
};

/** Two checks over one pass. */
const bothOf = (a: ContentCheck, b: ContentCheck): ContentCheck => ({
  looksAtFront: false,
  async feed(chunk) {
    const [left, right] = await Promise.all([a.feed(chunk), b.feed(chunk)]);
    return left || right;
  },
  finish: async () => ({ ...(await a.finish()), ...(await b.finish()) }),
  stop: async () => void (await Promise.all([a.stop(), b.stop()])),
});

function refuseOtherCount({ key, verification }: Manifest, { tocEntries }: ContentsFound): void {
  if (tocEntries !== undefined && tocEntries !== verification.tocEntries)
    throw new Failure(
      'damaged',
      `${key} has ${tocEntries} entries; ${verification.tocEntries} were counted when it was verified`,
    );
}
