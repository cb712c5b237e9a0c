import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { GlobalsReceipt, TreeReceipt } from '../../../lib/domain/backup/receipt.ts';
import { Failure } from '../../../lib/domain/outcomes.ts';
import { drillGlobals } from '../../../tasks/drill/drill-globals.ts';
import { DrillNotes } from '../../../tasks/drill/drill-notes.ts';
import { drillTree } from '../../../tasks/drill/drill-tree.ts';
import { fetchArchive } from '../../../tasks/drill/fetch-archive.ts';
import { type CorpusBackup, makeCorpus } from '../../support/corpus-backups.ts';
import { scratchFolder, scratchFolderUntilEnd } from '../../support/scratch-folder.ts';

const TREES = ['tree gzip', 'tree zstd', 'dated folder gzip'];
const volume = scratchFolderUntilEnd();
let backups: readonly CorpusBackup[];
beforeAll(async () => {
  ({ backups } = await makeCorpus(volume, 1, [...TREES, 'globals']));
});

interface Sealed {
  readonly archive: Buffer;
  readonly receipt: TreeReceipt | GlobalsReceipt;
}

function backupOf(format: string): Sealed {
  const found = backups.find((one) => one.format === format);
  const { key = '', manifest, objects = new Map<string, Buffer>() } = found ?? {};
  const archive = objects.get(key);
  if (!archive || !manifest || manifest.receipt.kind === 'database') throw new Error(`there is no ${format}`);
  return { archive, receipt: manifest.receipt };
}

/** Other bytes, and a receipt that agrees with them: damage from before they were hashed. */
const resealed = ({ receipt }: Sealed, archive: Buffer): Sealed => ({
  archive,
  receipt: {
    ...receipt,
    bytes: archive.length,
    sha256: createHash('sha256').update(archive).digest('hex'),
    crc32: crc32(archive).toString(16).padStart(8, '0'),
  },
});

async function drilled({ archive, receipt }: Sealed, signal = new AbortController().signal) {
  const notes = new DrillNotes(() => 0);
  const scratch = join(scratchFolder(), 'drill-');
  let path = '';
  const fetch = (to: string, stop: AbortSignal): Promise<void> => {
    path = to;
    return fetchArchive((take) => take(archive), to, receipt, stop);
  };
  const drill = { fetch, scratch, notes, signal };
  const work = receipt.kind === 'globals' ? drillGlobals({ receipt, ...drill }) : drillTree({ receipt, ...drill });
  const failure = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { failure, notes, left: existsSync(path) };
}

const damaged = (detail: RegExp | string) => ({
  name: 'Nightproof.damaged',
  message: expect.stringMatching(detail),
});

/** The same length, so that all headers still hold. */
function withOtherText(tar: Buffer, was: string, is: string): Buffer {
  const copy = Buffer.from(tar);
  copy.write(is, copy.indexOf(was));
  return copy;
}

describe('a drill of a tree', () => {
  it.each(TREES)('unpacks all of it and says how much that was: %s', async (format) => {
    const backup = backupOf(format);
    const { failure, notes, left } = await drilled(backup);
    expect(failure).toBeUndefined();
    const { files, bytes } = (backup.receipt as TreeReceipt).contents;
    expect(files).toBeGreaterThan(0);
    expect(notes.noted()).toMatchObject({ compared: { tables: 0, files, bytes }, warnings: [] });
    expect(left).toBe(false);
  });

  it('fails where the archive is not the one that was backed up', async () => {
    const backup = backupOf('tree zstd');
    const { failure, notes, left } = await drilled({ ...backup, archive: backup.archive.subarray(1) });
    expect(failure).toMatchObject(damaged('the manifest says'));
    expect([notes.phase, left]).toEqual(['fetch', false]);
  });

  it('fails where a file has other contents than were backed up, though the archive has the right hash', async () => {
    const backup = backupOf('tree gzip');
    const changed = withOtherText(gunzipSync(backup.archive), 'round 0\nround 0', 'round 0\nround 9');
    const { failure, notes, left } = await drilled(resealed(backup, gzipSync(changed)));
    expect(failure).toMatchObject({ name: 'Nightproof.damaged' });
    expect([notes.phase, notes.noted().compared.files, left]).toEqual(['restore', 0, false]);
  });

  it('fails where the archive is cut off, though it has the right hash', async () => {
    const backup = backupOf('tree zstd');
    const { failure } = await drilled(resealed(backup, backup.archive.subarray(0, backup.archive.length >> 1)));
    expect(failure).toMatchObject({ name: 'Nightproof.damaged' });
  });

  it('ends when it is told to, and leaves nothing', async () => {
    const stop = AbortSignal.abort(new Failure('cancelled', 'told to stop'));
    const { failure, left } = await drilled(backupOf('tree gzip'), stop);
    expect([failure, left]).toEqual([stop.reason, false]);
  });
});

describe('a drill of the roles of a server', () => {
  it('reads the script to its end, and says that it was not run', async () => {
    const { failure, notes, left } = await drilled(backupOf('globals'));
    expect(failure).toBeUndefined();
    expect(notes.noted().warnings).toEqual([expect.stringContaining('not run')]);
    expect(left).toBe(false);
  });

  it.each<[string, (script: string) => string, string]>([
    ['makes a role less', (script) => script.replace('CREATE ROLE "round 0 role 7";', ''), 'roles stored'],
    ['has lost its end', (script) => script.slice(0, script.indexOf('-- PostgreSQL database cluster dump complete')), 'end mark'],
  ])('fails where the script %s, though it has the right hash', async (_, change, detail) => {
    const backup = backupOf('globals');
    const { failure, notes, left } = await drilled(resealed(backup, Buffer.from(change(backup.archive.toString()))));
    expect(failure).toMatchObject(damaged(detail));
    expect([notes.phase, left]).toEqual(['compare', false]);
  });
});
