import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { DatabaseRig } from '../../support/database-rig.ts';
import { type DumpedDatabase, dumped } from '../../support/drill-rig.ts';
import { DrillStand } from '../../support/drill-stand.ts';
import { SLOW_TO_RESTORE } from '../../support/hostile-databases.ts';
import { scratchFolderUntilEnd } from '../../support/scratch-folder.ts';
import { messages } from '../../support/task-stand.ts';

// The task as a process, over a real vault and presigned addresses: it is given nothing else, and no right on anything.
const folder = scratchFolderUntilEnd();
let stand: DrillStand;
let rig: DatabaseRig;
let shop: DumpedDatabase;
let slow: DumpedDatabase;
beforeAll(async () => {
  [stand, rig] = await Promise.all([DrillStand.start(folder), DatabaseRig.start()]);
  await rig.database('shop', `CREATE TABLE orders AS SELECT g AS id, 'thing ' || g AS what FROM generate_series(1, 500) g`);
  await rig.database('slow', SLOW_TO_RESTORE);
  [shop, slow] = [await dumped(rig, 'shop'), await dumped(rig, 'slow')];
});
afterAll(async () => {
  await Promise.all([stand.stop(), rig.stop()]);
});

it('leaves evidence of a backup that came back as it was, and nothing else', async () => {
  const key = await stand.put(shop);

  const { code, output } = await stand.run(key, { probes: ['SELECT count(*) = 500 FROM orders'] });

  expect(code, output).toBe(0);
  expect(await stand.evidence(key)).toMatchObject({
    result: 'passed',
    key,
    sha256: shop.receipt.sha256,
    compared: { tables: 1, rows: 500 },
    probes: [{ passed: true }],
    seconds: { fetch: expect.any(Number), restore: expect.any(Number), compare: expect.any(Number) },
  });
  expect(messages(output)).toEqual(['Drill:Started', ...Array(6).fill('Drill:Phase'), 'Drill:Passed']);
  await nothingLeft();
});

it('leaves evidence of a backup that did not, with the table and how it differs', async () => {
  const key = await stand.put(shop, (manifest) => {
    const [orders] = shop.receipt.contents.tables;
    return {
      ...manifest,
      receipt: { ...manifest.receipt, contents: { ...shop.receipt.contents, tables: [{ ...orders, rows: 499 }] } },
    };
  });

  expect((await stand.run(key)).code).toBe(1);
  expect(await stand.evidence(key)).toMatchObject({
    result: 'failed',
    phase: 'compare',
    failure: { reason: 'difference', detail: expect.stringContaining('public.orders: 500 rows, backed up were 499') },
    differences: [{ what: 'public.orders', difference: '500 rows, backed up were 499' }],
  });
  await nothingLeft();
});

it.each<[string, Parameters<DrillStand['put']>[1], object, string]>([
  [
    'is encrypted',
    (manifest) => ({
      ...manifest,
      receipt: {
        ...manifest.receipt,
        encryption: { format: 'age', recipients: ['age1x'], plainBytes: 1, plainSha256: 'a'.repeat(64) },
      },
    }),
    {},
    'identity',
  ],
  ['does not fit on the disk', undefined, { storageBytes: 1000 }, 'space'],
  [
    'is of a server that is not here',
    (manifest) => ({ ...manifest, receipt: { ...manifest.receipt, server: { ...shop.receipt.server, major: 9 } } }),
    {},
    'version',
  ],
])('says so, as a drill that failed, where a backup %s', async (_, mend, options, reason) => {
  const key = await stand.put(shop, mend);
  expect((await stand.run(key, options)).code).toBe(1);
  expect(await stand.evidence(key)).toMatchObject({ result: 'failed', failure: { reason } });
});

it('stands by what an earlier try of it has found: evidence is written once', async () => {
  const key = await stand.put(shop);
  await stand.run(key, { probes: ['SELECT false'] });
  expect((await stand.run(key)).code).toBe(0);
  expect(await stand.evidence(key)).toMatchObject({ result: 'failed', failure: { reason: 'probe' } });
});

it('leaves no evidence where the manifest is none of ours', async () => {
  const key = await stand.put(shop, (manifest) => ({ ...manifest, more: true }));
  const { code, output } = await stand.run(key);
  expect([code, messages(output)]).toEqual([1, ['Drill:Failure']]);
  expect(await stand.evidence(key)).toBeUndefined();
});

it('neither follows an address elsewhere nor tells it, and says that nothing is known', async () => {
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    response.writeHead(302, { location: '/elsewhere' }).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const key = await stand.put(shop);

  const { code, output } = await stand.run(key, {
    addresses: (given) => ({ ...given, MANIFEST_URL: `http://127.0.0.1:${port}/manifest?signature=hidden` }),
  });

  expect(code).toBe(75);
  expect(new Set(asked)).toEqual(new Set(['/manifest?signature=hidden']));
  expect(output).not.toContain('hidden');
});

it('leaves neither server nor folder nor evidence when it is told to stop', async () => {
  const key = await stand.put(slow);
  const { code } = await stand.run(key, { seen: (output, task) => restores(output) && task.kill('SIGTERM') });
  expect(code).toBe(143);
  await nothingLeft();
  expect(await stand.evidence(key)).toBeUndefined();
});

it('leaves neither server nor folder when it is killed', async () => {
  const key = await stand.put(slow);
  const { signal } = await stand.run(key, { seen: (output, task) => restores(output) && task.kill('SIGKILL') });
  expect(signal).toBe('SIGKILL');
  await nothingLeft();
});

const restores = (output: string): boolean => output.includes('"phase":"restore"');

/** The guard of a folder ends a moment after its task. */
const nothingLeft = (): Promise<void> => vi.waitFor(() => expect(stand.left()).toEqual([]), { timeout: 20_000 });
