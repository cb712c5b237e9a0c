import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { DatabaseSource } from '../../../lib/domain/source/source.ts';
import { logged, messages, TaskStand } from '../../support/task-stand.ts';

const CANARY = 'CANARY_p:a\\ss"word';

let stand: TaskStand;
let source: DatabaseSource;
let tests = 0;

beforeAll(async () => {
  stand = await TaskStand.start();
  const { server } = stand;
  await server.sql('postgres', `CREATE ROLE backup SUPERUSER LOGIN PASSWORD '${CANARY}'`);
  await server.database(
    'shop',
    `CREATE TABLE t AS SELECT g, repeat(md5(g::text), 20) FROM generate_series(1, 40000) g;
    CREATE TABLE noise AS SELECT (SELECT string_agg(md5((g * 100 + i)::text), '') FROM generate_series(1, 30) i) FROM generate_series(1, 16000) g`,
  );
  await stand.secret('shop-secret', server.secret({ username: 'backup', password: CANARY }));
  await stand.secret('broken-secret', `${CANARY} {`);
});
afterAll(() => stand.stop());
beforeEach(() => {
  source = stand.server.source('shop', { id: `process-${++tests}`, compression: 'gzip:1' });
});

it('dumps what the plan says and tells it in JSON lines', async () => {
  const { code, output } = await stand.run(source);
  expect(code).toBe(0);
  expect(messages(output)).toEqual(['Dump:Started', 'Preflight:Passed', 'Dump:Streaming', 'Dump:Completing', 'Dump:Stored']);
  expect(logged(output).at(-1)).toMatchObject({
    sourceId: source.id,
    counts: { of: 'database', tables: 2, rows: 56_000 },
    warnings: [],
  });
  expect(await stand.traces(source)).toMatchObject({ objects: [expect.any(String)], records: [{ result: 'receipt' }] });
  expect(stand.tempFiles()).toEqual([]);
});

it('shows the password to nobody: not in argv, environment, output or records', async () => {
  const { code, output } = await stand.run(source, { scene: 'shows-children' });
  expect(code).toBe(0);
  const children = logged(output).filter((line) => 'argv' in line);
  expect(children).toMatchObject([
    { argv: [expect.stringMatching(/\/pg_dump$/), ...new Array(6).fill(expect.any(String))] },
    { argv: [expect.stringMatching(/\/pg_restore$/), '--data-only', '--file=-', ''], environment: ['LC_ALL=C', 'TZ=UTC'] },
  ]);
  const traces = JSON.stringify(await stand.traces(source));
  for (const part of ['CANARY', Buffer.from(CANARY).toString('base64'), encodeURIComponent(CANARY)]) {
    expect(output + traces).not.toContain(part);
  }
});

it('does not quote a secret that it cannot read', async () => {
  source = { ...source, connection: { ...source.connection, secret: 'broken-secret' } };
  const { code, output } = await stand.run(source);
  expect(code).toBe(1);
  const { records } = await stand.traces(source);
  expect(records).toMatchObject([{ failure: { reason: 'secret', detail: 'secret broken-secret is not a JSON object' } }]);
  expect(output + JSON.stringify(records)).not.toContain('CANARY');
});

it('says so when the secret is not there', async () => {
  source = { ...source, connection: { ...source.connection, secret: 'no-such-secret' } };
  expect(await stand.run(source)).toMatchObject({ code: 1 });
  expect((await stand.traces(source)).records).toMatchObject([
    { failure: { reason: 'secret', detail: expect.stringContaining('ResourceNotFoundException') } },
  ]);
});

it('ends with 143 on SIGTERM as soon as it streams, and leaves nothing', async () => {
  let sent = false;
  const ended = await stand.run(source, {
    seen: (output, pid) => {
      if (!sent && output.includes('Dump:Streaming')) sent = process.kill(pid, 'SIGTERM');
    },
  });
  expect(ended).toMatchObject({ code: 143, signal: null });
  expect(await stand.traces(source)).toMatchObject({
    objects: [],
    openUploads: [],
    records: [{ failure: { reason: 'cancelled' } }],
  });
  expect(stand.tempFiles()).toEqual([]);
});

it('ends with 143 on SIGTERM in the middle of the stream, and leaves nothing', async () => {
  expect(await stand.run(source, { scene: 'is-stopped' })).toMatchObject({ code: 143, signal: null });
  expect(await stand.traces(source)).toMatchObject({
    objects: [],
    openUploads: [],
    records: [{ failure: { reason: 'cancelled' } }],
  });
});

it('makes one object when the first try died right before it completed it', async () => {
  expect(await stand.run(source, { scene: 'dies-before-complete' })).toMatchObject({ signal: 'SIGKILL' });
  expect(await stand.traces(source)).toMatchObject({
    objects: [],
    openUploads: [expect.any(String)],
    records: [{ result: 'receipt' }],
  });

  expect(await stand.run(source)).toMatchObject({ code: 0 });
  expect(await stand.traces(source)).toMatchObject({
    objects: [expect.any(String)],
    openUploads: [],
    records: [{ result: 'receipt' }, { result: 'receipt' }],
  });
  expect(await stand.versions(source)).toBe(1);
});

it('adopts the object of a try that died right after it completed it', async () => {
  expect(await stand.run(source, { scene: 'dies-after-complete' })).toMatchObject({ signal: 'SIGKILL' });
  const first = await stand.traces(source);
  expect(first).toMatchObject({ objects: [expect.any(String)], records: [{ result: 'receipt' }] });

  const { code, output } = await stand.run(source);
  expect(code).toBe(0);
  expect(messages(output)).toEqual(['Dump:Started', 'Dump:Adopted']);
  expect(await stand.traces(source)).toEqual(first);
  expect(await stand.versions(source)).toBe(1);
});
