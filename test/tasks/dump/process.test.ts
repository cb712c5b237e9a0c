import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { DatabaseSource } from '../../../lib/domain/config.ts';
import { type MotoServer, startMoto } from '../../../lib/local/servers/moto-server.ts';
import { DatabaseRig } from '../../support/database-rig.ts';
import { clientPath, tracesOf, writePlan } from '../../support/dump-rig.ts';
import { toolchain } from '../../support/toolchain.ts';
import { VaultRig } from '../../support/vault-rig.ts';

const CANARY = 'CANARY_p:a\\ss"word';
const MAIN = fileURLToPath(new URL('../../../tasks/dump/main.ts', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../../support/dump-program.ts', import.meta.url));

let store: VaultRig;
let server: DatabaseRig;
let moto: MotoServer;
let temp: string;
let source: DatabaseSource;
let tests = 0;

beforeAll(async () => {
  const start = async () => startMoto((await toolchain()).moto);
  [store, server, moto] = await Promise.all([VaultRig.start(), DatabaseRig.start(), start()]);
  await server.sql('postgres', `CREATE ROLE backup SUPERUSER LOGIN PASSWORD '${CANARY}'`);
  await server.database(
    'shop',
    `CREATE TABLE t AS SELECT g, repeat(md5(g::text), 20) FROM generate_series(1, 40000) g;
    CREATE TABLE noise AS SELECT (SELECT string_agg(md5((g * 100 + i)::text), '') FROM generate_series(1, 30) i) FROM generate_series(1, 16000) g`,
  );
  const { region, accessKeyId, secretAccessKey } = store.server;
  const secrets = new SecretsManagerClient({ endpoint: moto.endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  const SecretString = server.secret({ username: 'backup', password: CANARY });
  await secrets.send(new CreateSecretCommand({ Name: 'shop-secret', SecretString }));
  await secrets.send(new CreateSecretCommand({ Name: 'broken-secret', SecretString: `${CANARY} {` }));
  temp = mkdtempSync(join(tmpdir(), 'nightproof-test-'));
});
afterAll(async () => {
  await Promise.all([store.stop(), server.stop(), moto.stop()]);
  rmSync(temp, { recursive: true, force: true });
});
beforeEach(() => {
  source = server.source('shop', { id: `process-${++tests}`, compression: 'gzip:1' });
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/** Runs the task with nothing but the environment that the template gives it; `seen` is called with the output so far. */
async function task(program: readonly string[], seen: (output: string, pid: number) => void = () => undefined): Promise<Ended> {
  const child = spawn(process.execPath, [...program], {
    env: {
      ...store.env,
      AWS_ENDPOINT_URL: moto.endpoint,
      VAULT_BUCKET: store.bucket,
      PLAN_KEY: await writePlan(store, source),
      SOURCE_ID: source.id,
      PATH: await clientPath(),
      TMPDIR: temp,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (piece: Buffer) => {
    output += piece.toString();
    seen(output, child.pid ?? 0);
  });
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.once('exit', (code, signal) => resolve([code, signal])),
  );
  const [errors, [code, signal]] = await Promise.all([text(child.stderr), ended]);
  return { code, signal, output: output + errors };
}

const logged = (output: string): Record<string, unknown>[] =>
  output
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const messages = (output: string): unknown[] => logged(output).map(({ message }) => message);

async function versions(): Promise<number> {
  const prefix = `daily/${source.id}_`;
  return (await store.s3.send(new ListObjectVersionsCommand({ Bucket: store.bucket, Prefix: prefix }))).Versions?.length ?? 0;
}

it('dumps what the plan says and tells it in JSON lines', async () => {
  const { code, output } = await task([MAIN]);
  expect(code).toBe(0);
  expect(messages(output)).toEqual(['Dump:Started', 'Preflight:Passed', 'Dump:Streaming', 'Dump:Completing', 'Dump:Stored']);
  expect(logged(output).at(-1)).toMatchObject({ sourceId: source.id, tables: 2, rows: 56_000, warnings: [] });
  expect(await tracesOf(store, source.id)).toMatchObject({ objects: [expect.any(String)], records: [{ result: 'receipt' }] });
  expect(readdirSync(temp)).toEqual([]);
});

it('shows the password to nobody: not in argv, environment, output or records', async () => {
  const { code, output } = await task([PROGRAM, 'shows-children']);
  expect(code).toBe(0);
  const children = logged(output).filter((line) => 'argv' in line);
  expect(children).toMatchObject([
    { argv: [expect.stringMatching(/\/pg_dump$/), ...new Array(6).fill(expect.any(String))] },
    { argv: [expect.stringMatching(/\/pg_restore$/), '--data-only', '--file=-', ''], environment: ['LC_ALL=C', 'TZ=UTC'] },
  ]);
  const traces = JSON.stringify(await tracesOf(store, source.id));
  for (const part of ['CANARY', Buffer.from(CANARY).toString('base64'), encodeURIComponent(CANARY)]) {
    expect(output + traces).not.toContain(part);
  }
});

it('does not quote a secret that it cannot read', async () => {
  source = { ...source, connection: { ...source.connection, secret: 'broken-secret' } };
  const { code, output } = await task([MAIN]);
  expect(code).toBe(1);
  const { records } = await tracesOf(store, source.id);
  expect(records).toMatchObject([{ failure: { reason: 'secret', detail: 'secret broken-secret is not a JSON object' } }]);
  expect(output + JSON.stringify(records)).not.toContain('CANARY');
});

it('says so when the secret is not there', async () => {
  source = { ...source, connection: { ...source.connection, secret: 'no-such-secret' } };
  expect(await task([MAIN])).toMatchObject({ code: 1 });
  expect((await tracesOf(store, source.id)).records).toMatchObject([
    { failure: { reason: 'secret', detail: expect.stringContaining('ResourceNotFoundException') } },
  ]);
});

it('ends with 143 on SIGTERM as soon as it streams, and leaves nothing', async () => {
  let sent = false;
  const ended = await task([MAIN], (output, pid) => {
    if (!sent && output.includes('Dump:Streaming')) sent = process.kill(pid, 'SIGTERM');
  });
  expect(ended).toMatchObject({ code: 143, signal: null });
  expect(await tracesOf(store, source.id)).toMatchObject({
    objects: [],
    openUploads: [],
    records: [{ failure: { reason: 'cancelled' } }],
  });
  expect(readdirSync(temp)).toEqual([]);
});

it('ends with 143 on SIGTERM in the middle of the stream, and leaves nothing', async () => {
  expect(await task([PROGRAM, 'is-stopped'])).toMatchObject({ code: 143, signal: null });
  expect(await tracesOf(store, source.id)).toMatchObject({
    objects: [],
    openUploads: [],
    records: [{ failure: { reason: 'cancelled' } }],
  });
});

it('makes one object when the first try died right before it completed it', async () => {
  expect(await task([PROGRAM, 'dies-before-complete'])).toMatchObject({ signal: 'SIGKILL' });
  expect(await tracesOf(store, source.id)).toMatchObject({
    objects: [],
    openUploads: [expect.any(String)],
    records: [{ result: 'receipt' }],
  });

  expect(await task([MAIN])).toMatchObject({ code: 0 });
  expect(await tracesOf(store, source.id)).toMatchObject({
    objects: [expect.any(String)],
    openUploads: [],
    records: [{ result: 'receipt' }, { result: 'receipt' }],
  });
  expect(await versions()).toBe(1);
});

it('adopts the object of a try that died right after it completed it', async () => {
  expect(await task([PROGRAM, 'dies-after-complete'])).toMatchObject({ signal: 'SIGKILL' });
  const first = await tracesOf(store, source.id);
  expect(first).toMatchObject({ objects: [expect.any(String)], records: [{ result: 'receipt' }] });

  const { code, output } = await task([MAIN]);
  expect(code).toBe(0);
  expect(messages(output)).toEqual(['Dump:Started', 'Dump:Adopted']);
  expect(await tracesOf(store, source.id)).toEqual(first);
  expect(await versions()).toBe(1);
});
