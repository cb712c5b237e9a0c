import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type ArtifactSink, artifactSink } from '../../../lib/runtime/artifact-sink.ts';
import type { ChildCommand } from '../../../lib/runtime/child.ts';
import { streamDump } from '../../../lib/runtime/postgres/dump-stream.ts';
import { ProgramEnded } from '../../../lib/runtime/postgres/program-ended.ts';
import { MultipartUpload } from '../../../lib/runtime/upload/multipart-upload.ts';
import { VaultRig } from '../../support/vault-rig.ts';

// What PostgreSQL's own programs hardly ever do is done by stand-ins here: scripts that end as they are told.
let store: VaultRig;
let upload: MultipartUpload;
let sink: ArtifactSink;
beforeAll(async () => {
  store = await VaultRig.start();
});
afterAll(() => store.stop());
beforeEach(async () => {
  upload = new MultipartUpload(store.s3, {
    bucket: store.bucket,
    key: 'daily/streamed.dump',
    tags: {},
    partSizes: () => 5 * 1024 ** 2,
    head: (key) => store.vault.head(key),
  });
  sink = await artifactSink(upload);
});

const shell = (script: string): ChildCommand => ({ program: '/bin/sh', args: ['-c', `PATH=/usr/bin:/bin; ${script}`], env: {} });
const stream = (pgDump: ChildCommand, pgRestore: ChildCommand) =>
  streamDump({ pgDump, pgRestore, sink, signal: new AbortController().signal, streamed: () => undefined });

const DUMPS = shell('head -c 3000000 /dev/zero');
const DECODES = shell("cat >/dev/null; printf 'COPY public.t (a) FROM stdin;\\n1\\n2\\n\\\\.\\n\\n'");

it('has the whole dump where both programs end well', async () => {
  expect(await stream(DUMPS, DECODES)).toMatchObject({
    tableBlocks: 1,
    complaints: 0,
    contents: { tables: [{ name: 't', rows: 2 }] },
  });
  expect(await sink.finish()).toMatchObject({ bytes: 3_000_000 });
  await upload.abort();
});

it('counts what pg_dump complained of though it ended well', async () => {
  expect(await stream(shell('echo one >&2; echo two >&2; head -c 3000000 /dev/zero'), DECODES)).toMatchObject({ complaints: 2 });
  await upload.abort();
});

it.each([
  ['reads the whole dump and fails', 'cat >/dev/null; exit 3', 'pg_restore: exit code 3'],
  ['closes its input early, and ends well', 'head -c 10 >/dev/null; exit 0', 'exit code 0 before it had read the whole dump'],
  ['closes its input early, and fails', 'head -c 10 >/dev/null; exit 3', 'pg_restore: exit code 3'],
  ['ends well, and leaves a table without an end', "cat >/dev/null; printf 'COPY public.t (a) FROM stdin;\\n1\\n'", 'has no end'],
  ['writes what nobody can read', "cat >/dev/null; printf 'COPY what;\\n1\\n'", 'unknown form'],
])('fails where pg_restore %s', async (_, script, message) => {
  await expect(stream(DUMPS, shell(script))).rejects.toMatchObject({
    reason: 'decode',
    message: expect.stringContaining(message),
  });
  await upload.abort();
});

it.each([
  ['ends with an error after it wrote everything', shell('head -c 3000000 /dev/zero; exit 1'), { code: 1 }, 3_000_000],
  ['closes its output and lives on', shell('head -c 3000000 /dev/zero; exec >&-; sleep 0.2; exit 1'), { code: 1 }, 3_000_000],
  ['is not there', { program: '/no/such/pg_dump', args: [], env: {} }, { error: 'ENOENT' }, 0],
])('fails where pg_dump %s', async (_, pgDump, exit, bytes) => {
  const failure = await stream(pgDump, DECODES).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ProgramEnded);
  expect(failure).toMatchObject({ exit, bytes });
  await upload.abort();
});

it('fails where the vault takes no more, and ends both programs', async () => {
  await upload.abort();
  await expect(stream(shell('cat /dev/zero'), shell('cat >/dev/null'))).rejects.toMatchObject({ name: 'AbortError' });
});
