import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { GetObjectTaggingCommand } from '@aws-sdk/client-s3';
import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TreeReceipt } from '../../../lib/domain/backup/receipt.ts';
import { parseMemberLine } from '../../../lib/domain/backup/tree-contents.ts';
import { Failure } from '../../../lib/domain/outcomes.ts';
import type { Source } from '../../../lib/domain/source/source.ts';
import { MultipartUpload } from '../../../lib/runtime/upload/multipart-upload.ts';
import type { DumpDependencies, DumpProcesses } from '../../../tasks/dump/dump-job.ts';
import { dumpDependencies, runTask, SLOT, type TaskTraces } from '../../support/dump-rig.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';
import { configFilesOf, datedFolderOf, filesOf } from '../../support/sources.ts';
import { onDisk } from '../../support/tree-oracle.ts';
import { plant, restore, run as runProgram } from '../../support/tree-rig.ts';
import { VaultRig } from '../../support/vault-rig.ts';

const MIB = 1024 ** 2;

let store: VaultRig;
let volume: string;
let tests = 0;
let id: string;
beforeAll(async () => {
  store = await VaultRig.start();
});
afterAll(() => store.stop());
beforeEach(() => {
  volume = scratchFolder();
  id = `tree-${++tests}`;
});

/** Runs the task with small parts, so that several are stored before the stream ends. */
const run = (source: Source, overrides: Partial<DumpDependencies> = {}): Promise<TaskTraces> =>
  runTask(store, source, {
    ...dumpDependencies({ store }),
    newUpload: ({ key, tags, stored }) => {
      const head = (present: string) => store.vault.head(present);
      return new MultipartUpload(store.s3, { bucket: store.bucket, key, tags, stored, partSizes: () => 5 * MIB, head });
    },
    volumeFolder: volume,
    ...overrides,
  });

function receiptIn({ records }: TaskTraces): TreeReceipt {
  const record = records.at(-1);
  if (record?.result === 'receipt' && record.receipt.kind !== 'database' && record.receipt.kind !== 'globals')
    return record.receipt;
  throw new Error(JSON.stringify(records));
}

const stored = (key: string): Buffer => readFileSync(store.path(key));
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const MEDIA = {
  'media/prod/a.txt': 'first',
  'media/prod/with space/b': Buffer.alloc(70_000, 7),
  'media/prod/-n': 'dash',
  'media/prod/annuaire/left out': 'never',
  'media/prod/empty/': '',
  'elsewhere/c': 'not asked for',
};

/** Calls back once, when so much of the tree has gone by. */
const at = (bytes: number, act: (processes: DumpProcesses) => void): NonNullable<DumpDependencies['observer']['streamed']> => {
  let done = false;
  return (seen, processes) => {
    if (done || seen < bytes) return;
    done = true;
    act(processes);
  };
};

describe('a tree of files', () => {
  it.each(['gzip:1', 'zstd:1'] as const)(
    'is archived relative to its folder (%s), and restored identical by plain tar',
    async (compression) => {
      plant(volume, MEDIA);
      symlinkSync('a.txt', join(volume, 'media/prod/link'));
      const source = filesOf(id, { folder: 'media/prod', exclude: ['annuaire/'], compression });
      const traces = await run(source);

      const receipt = receiptIn(traces);
      const key = `daily/${id}_${SLOT}.tar.${compression.startsWith('zstd') ? 'zst' : 'gz'}`;
      expect(traces).toMatchObject({ exitCode: 0, openUploads: [], objects: [key, receipt.contents.members.key] });
      expect(receipt).toMatchObject({ kind: 'files', key, bytes: stored(key).length, sha256: sha256(stored(key)), warnings: [] });
      expect(receipt.client).toEqual({ version: expect.stringMatching(/^GNU tar 1\./), compression });
      expect(receipt.contents).toMatchObject({ files: 3, directories: 3, links: 1, bytes: 70_009 });

      const target = join(scratchFolder(), 'unpacked');
      if (compression === 'gzip:1') await restore(stored(key), target);
      else await runProgram('sh', ['-c', `mkdir ${target} && zstd -dc ${store.path(key)} | tar -xpf - -C ${target}`]);
      rmSync(join(volume, 'media/prod/annuaire'), { recursive: true });
      const ignoringTop = (members: readonly { path: string }[]) => members.filter(({ path }) => path !== '.');
      expect(ignoringTop(await onDisk(target))).toEqual(ignoringTop(await onDisk(join(volume, 'media/prod'))));
    },
  );

  it('has the list of its members beside it, under the name of its content', async () => {
    plant(volume, MEDIA);
    const { members } = receiptIn(await run(filesOf(id, { roots: ['media/prod/a.txt', 'elsewhere'] }))).contents;
    const bytes = stored(members.key);
    expect(members.key).toBe(`daily/${id}_${SLOT}.tar.gz.members-${sha256(bytes).slice(0, 16)}.jsonl.gz`);

    const list = gunzipSync(bytes);
    expect(sha256(list)).toBe(members.sha256);
    const lines = list.toString().split('\n').slice(0, -1).map(parseMemberLine);
    expect(lines.map(({ path }) => path)).toEqual(['elsewhere', 'elsewhere/c', 'media/prod/a.txt']);
    expect(lines[2]).toMatchObject({ type: 'file', bytes: 5, sha256: sha256(Buffer.from('first')) });
    expect(members.count).toBe(3);
  });

  it('carries its tags, and its list the same', async () => {
    plant(volume, MEDIA);
    for (const Key of (await run(filesOf(id))).objects) {
      const { TagSet } = await store.s3.send(new GetObjectTaggingCommand({ Bucket: store.bucket, Key }));
      expect(Object.fromEntries((TagSet ?? []).map((tag) => [tag.Key, tag.Value]))).toEqual({
        tier: 'daily',
        source: id,
        slot: SLOT,
      });
    }
  });

  it('is good with a warning where a file changed while it was read', async () => {
    plant(volume, { big: randomBytes(12 * MIB), other: 'x' });
    const traces = await run(filesOf(id), {
      observer: { streamed: at(2 * MIB, () => appendFileSync(join(volume, 'big'), 'more')) },
    });
    expect(traces.exitCode).toBe(0);
    expect(receiptIn(traces).warnings).toEqual([expect.stringContaining('1 file changed while read: "big"')]);
  });

  it.each([
    ['a folder that is not there', filesOf('x', { folder: 'gone' }), 'no-folder'],
    ['one root of several that is not there', filesOf('x', { roots: ['media', 'gone'] }), 'no-folder'],
    ['less than it must have', filesOf('x', { minBytes: 1_000_000 }), 'too-small'],
    ['a recipient that is none', filesOf('x', { recipients: [`age1${'q'.repeat(58)}`] }), 'recipient'],
  ])('leaves nothing but the reason with %s', async (_, settings, reason) => {
    plant(volume, MEDIA);
    expect(await run({ ...settings, id })).toMatchObject({
      exitCode: 1,
      objects: [],
      openUploads: [],
      records: [{ result: 'failure', failure: { reason, retryable: false } }],
    });
  });

  it('needs the volume that its task has mounted', async () => {
    const { volumeFolder: _, ...deps } = { ...dumpDependencies({ store }), volumeFolder: undefined };
    expect(await runTask(store, filesOf(id), deps)).toMatchObject({
      exitCode: 1,
      records: [{ failure: { reason: 'internal', detail: expect.stringContaining('needs a volume') } }],
    });
  });

  describe.each([0, 7, 14].map((mib) => [mib]))('interrupted after %i MiB', (mib) => {
    beforeEach(() => plant(volume, { one: randomBytes(12 * MIB), two: randomBytes(12 * MIB) }));

    it('by a kill of tar leaves nothing but the reason', async () => {
      let tar = 0;
      const streamed = at(mib * MIB + 1, (processes) => {
        tar = processes.tar ?? 0;
        process.kill(tar, 'SIGKILL');
      });
      expect(await run(filesOf(id), { observer: { streamed } })).toMatchObject({
        exitCode: 75,
        objects: [],
        openUploads: [],
        records: [{ failure: { reason: 'truncated', detail: expect.stringContaining('signal SIGKILL') } }],
      });
    });

    it('by a request to stop ends tar and leaves nothing but the reason', async () => {
      const stop = new AbortController();
      let tar = 0;
      const streamed = at(mib * MIB + 1, (processes) => {
        tar = processes.tar ?? 0;
        stop.abort(new Failure('cancelled', 'the task was told to stop (SIGTERM)'));
      });
      expect(await run(filesOf(id), { observer: { streamed }, stop: stop.signal })).toMatchObject({
        exitCode: 143,
        objects: [],
        openUploads: [],
        records: [{ failure: { reason: 'cancelled' } }],
      });
      expect(() => process.kill(tar, 0)).toThrow('ESRCH');
    });
  });
});

describe('named configuration files', () => {
  it('are encrypted, and so is the list of their names', async () => {
    plant(volume, { 'etc/app/.env': 'PASSWORD=CANARY', 'etc/nginx.conf': 'server {}' });
    const identity = await generateIdentity();
    const recipients = [await identityToRecipient(identity)];
    const traces = await run(configFilesOf(id, { folder: 'etc', roots: ['app/.env', 'nginx.conf'], recipients }));

    const { key, contents, encryption } = receiptIn(traces);
    expect(traces.objects).toEqual([key, contents.members.key]);
    expect([key, contents.members.key]).toEqual([
      `daily/${id}_${SLOT}.tar.gz.age`,
      expect.stringMatching(/\.age\.members-[0-9a-f]{16}\.jsonl\.gz\.age$/),
    ]);

    const open = async (object: string): Promise<Buffer> => {
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      return Buffer.from(await decrypter.decrypt(stored(object)));
    };
    const plain = await open(key);
    expect(encryption).toEqual({ format: 'age', recipients, plainBytes: plain.length, plainSha256: sha256(plain) });
    const unpacked = await restore(plain, join(scratchFolder(), 'unpacked'));
    expect(readFileSync(join(unpacked, 'app/.env'), 'utf8')).toBe('PASSWORD=CANARY');
    expect(sha256(gunzipSync(await open(contents.members.key)))).toBe(contents.members.sha256);
    for (const object of traces.objects) expect(stored(object).includes('CANARY')).toBe(false);
  });

  it('are refused where one of them is not there', async () => {
    plant(volume, { '.env': 'PASSWORD=x' });
    expect(await run(configFilesOf(id, { roots: ['.env', 'nginx.conf'] }))).toMatchObject({
      exitCode: 1,
      objects: [],
      openUploads: [],
      records: [{ failure: { reason: 'no-folder', detail: expect.stringContaining('nginx.conf') } }],
    });
  });
});

describe('a dated folder', () => {
  const dated = () => datedFolderOf(id, '2026-04-15', { folder: 'annuaire' });

  it('is archived under the date of its data, with paths that begin with the date', async () => {
    plant(volume, { 'annuaire/2026-04-15/rpps.csv': 'a;b', 'annuaire/2026-04-16/rpps.csv': 'c;d' });
    const traces = await run(dated());
    const receipt = receiptIn(traces);
    expect(traces.objects).toEqual([`archive/${id}_2026-04-15.tar.gz`, receipt.contents.members.key]);
    expect(receipt).toMatchObject({ kind: 'datedFolder', sourceId: `${id}_2026-04-15`, contents: { files: 1, directories: 1 } });

    const unpacked = await restore(stored(receipt.key), join(scratchFolder(), 'unpacked'));
    expect(readFileSync(join(unpacked, '2026-04-15/rpps.csv'), 'utf8')).toBe('a;b');
  });

  it.each<[string, (folder: string) => void, RegExp]>([
    ['a file grows', (folder) => appendFileSync(join(folder, 'b-big'), 'more'), /files changed: .*b-big/],
    ['a file vanishes', (folder) => rmSync(join(folder, 'c-late')), /names vanished: .*c-late/],
    ['a file appears', (folder) => writeFileSync(join(folder, 'd-new'), 'x'), /folders changed: .*2026-04-15/],
  ])('is not archived, and not tried again in this night, where %s while it is read', async (_, change, detail) => {
    const folder = join(volume, 'annuaire/2026-04-15');
    plant(volume, { 'annuaire/2026-04-15/b-big': randomBytes(8 * MIB), 'annuaire/2026-04-15/c-late': 'x' });
    const traces = await run(dated(), { observer: { streamed: at(MIB, () => change(folder)) } });
    expect(traces).toMatchObject({
      exitCode: 1,
      objects: [],
      openUploads: [],
      records: [{ failure: { reason: 'changing', retryable: false, detail: expect.stringMatching(detail) } }],
    });
  });
});
