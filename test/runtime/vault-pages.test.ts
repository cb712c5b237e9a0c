import { CreateMultipartUploadCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { inTurn } from '../../lib/runtime/in-turn.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { openUploadsOf } from '../../lib/runtime/upload/all-open-uploads.ts';
import { PlainVault } from '../support/fleet-history.ts';
import { VaultRig } from '../support/vault-rig.ts';

/** S3 lists so many keys at once, and deletes so many. */
const PAGE = 1000;

/** What the client asked and was told: keys that a page held, or that a request was to delete. */
interface Call {
  readonly command: string;
  readonly keys: number;
}

let store: VaultRig;
let plain: PlainVault;
const calls: Call[] = [];

beforeAll(async () => {
  store = await VaultRig.start();
  plain = new PlainVault(store.path(''));
  store.s3.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const { Delete } = args.input as { Delete?: { Objects: unknown[] } };
        const answer = await next(args);
        const { Contents, Uploads } = answer.output as { Contents?: unknown[]; Uploads?: unknown[] };
        calls.push({ command: commandName, keys: (Delete?.Objects ?? Contents ?? Uploads ?? []).length });
        return answer;
      },
    { step: 'initialize' },
  );
});
afterAll(() => store?.stop());
beforeEach(() => void calls.splice(0));

/** So many objects under a prefix of their own; their keys in order. */
function planted(prefix: string, count: number): string[] {
  const keys = Array.from({ length: count }, (_, n) => `${prefix}/source-${String(n).padStart(5, '0')}.dump`);
  for (const key of keys) plain.put(key, 'x', new Date('2026-04-19T02:00:00Z'));
  return keys;
}

const pages = (count: number): number[] =>
  Array.from({ length: Math.max(1, Math.ceil(count / PAGE)) }, (_, n) => Math.min(PAGE, count - n * PAGE));

const asked = (command: string): number[] => calls.filter((call) => call.command === command).map(({ keys }) => keys);

describe('a listing', () => {
  it.each([0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 3 * PAGE + 1])(
    'shows each of %i keys once, in order, page by page',
    async (count) => {
      const keys = planted(`list-${count}`, count);
      expect(await store.keys(`list-${count}/`)).toEqual(keys);
      expect(asked('ListObjectsV2Command')).toEqual(pages(count));
    },
  );

  it('asks for no page that nobody wants to see', async () => {
    planted('stop', 2 * PAGE);
    for await (const { key } of store.vault.list('stop/')) if (key) break;
    expect(asked('ListObjectsV2Command')).toEqual([PAGE]);
  });

  it('that breaks is a failure of the store, and not an end', async () => {
    const keys = planted('broken', PAGE + 1);
    const vault = new S3Vault(failingAfter(1), store.bucket);
    const seen: string[] = [];
    const list = async (): Promise<void> => {
      for await (const { key } of vault.list('broken/')) seen.push(key);
    };
    await expect(list()).rejects.toMatchObject({ reason: 'storage', message: expect.stringContaining('ListObjectsV2 broken/') });
    expect(seen).toEqual(keys.slice(0, PAGE));
  });

  it('of open uploads shows each of them, page by page, from the markers of the page before', async () => {
    const keys = Array.from({ length: PAGE + 1 }, (_, n) => `daily/upload-${String(n).padStart(5, '0')}.dump`);
    const marked: unknown[] = [];
    // this store takes no upload for a marker beside its key (versity/versitygw#2149), and here each key has but one
    store.s3.middlewareStack.add(
      (next) => (args) => {
        const { UploadIdMarker, ...input } = args.input as { KeyMarker?: string; UploadIdMarker?: string };
        marked.push([input.KeyMarker, UploadIdMarker !== undefined]);
        return next({ ...args, input: input as typeof args.input });
      },
      { step: 'initialize', priority: 'high', name: 'withoutUploadMarker' },
    );
    await inTurn(keys, (Key) => store.s3.send(new CreateMultipartUploadCommand({ Bucket: store.bucket, Key })));
    calls.splice(0);
    marked.splice(0);
    const seen: string[] = [];
    for await (const { key } of openUploadsOf(store.s3, store.bucket).list()) seen.push(key);
    store.s3.middlewareStack.remove('withoutUploadMarker');
    expect(seen).toEqual(keys);
    expect(asked('ListMultipartUploadsCommand')).toEqual(pages(PAGE + 1));
    expect(marked).toEqual([
      [undefined, false],
      [keys[PAGE - 1], true],
    ]);
  });
});

describe('a removal', () => {
  it.each([0, 1, PAGE, PAGE + 1, 2 * PAGE + 500])('of %i keys asks for at most a thousand at once', async (count) => {
    const keys = planted(`remove-${count}`, count);
    expect(await store.vault.remove(keys)).toEqual([]);
    expect(await store.keys(`remove-${count}/`)).toEqual([]);
    expect(asked('DeleteObjectsCommand')).toEqual(count === 0 ? [] : pages(count));
  });

  it('says which keys the store refused and why, whatever page they were on, and removes the others', async () => {
    const keys = planted('refuse', PAGE + 500);
    // longer than what the file system of this store takes
    const refused = [`refuse/${'a'.repeat(300)}`, `refuse/${'b'.repeat(300)}`];
    const all = [...keys.slice(0, 10), refused[0] ?? '', ...keys.slice(10), refused[1] ?? ''];
    const answer = await store.vault.remove(all);
    expect(answer.map(({ key }) => key)).toEqual(refused);
    for (const { code } of answer) expect(code).toMatch(/^[A-Z]\w+$/);
    expect(await store.keys('refuse/')).toEqual([]);
    expect(asked('DeleteObjectsCommand')).toEqual([PAGE, 502]);
  });

  it('that breaks is a failure of the store', async () => {
    const keys = planted('cut', PAGE + 1);
    await expect(new S3Vault(failingAfter(1), store.bucket).remove(keys)).rejects.toMatchObject({ reason: 'storage' });
    expect(await store.keys('cut/')).toEqual(keys.slice(PAGE));
  });
});

/** A client whose connection is gone after so many requests. */
function failingAfter(requests: number): S3Client {
  const s3 = store.client(undefined, { maxAttempts: 1 });
  // the store does not end while somebody is connected
  onTestFinished(() => s3.destroy());
  let left = requests;
  s3.middlewareStack.add(
    (next) => (args) => {
      if (left-- > 0) return next(args);
      throw Object.assign(new Error('read ECONNRESET'), { name: 'ECONNRESET' });
    },
    { step: 'initialize' },
  );
  return s3;
}
