import { beforeEach, expect, it } from 'vitest';
import type { ArtifactSink } from '../../../lib/runtime/artifact-sink.ts';
import type { ChildCommand } from '../../../lib/runtime/child.ts';
import { ProgramEnded } from '../../../lib/runtime/postgres/program-ended.ts';
import { streamGlobals } from '../../../tasks/dump/globals-stream.ts';

// What pg_dumpall hardly ever does is done by stand-ins here: scripts that end as they are told.
const SCRIPT = 'CREATE ROLE app;\\n--\\n-- PostgreSQL database cluster dump complete\\n--\\n';
const shell = (script: string): ChildCommand => ({ program: '/bin/sh', args: ['-c', `PATH=/usr/bin:/bin; ${script}`], env: {} });

let taken: string;
const sink: ArtifactSink = {
  async write(piece) {
    taken += piece.toString();
  },
  finish: () => Promise.reject(new Error('not finished here')),
};
beforeEach(() => {
  taken = '';
});

const stream = (pgDumpall: ChildCommand) =>
  streamGlobals({ pgDumpall, sink, signal: new AbortController().signal, streamed: () => undefined });

it('has the whole script where pg_dumpall ends well, and counts what it complained of', async () => {
  expect(await stream(shell(`printf '${SCRIPT}'; echo one >&2`))).toEqual({
    contents: { roles: 1, settings: 0, tablespaces: 0 },
    complaints: 1,
  });
  expect(taken).toBe(SCRIPT.replaceAll('\\n', '\n'));
});

it.each([
  ['ends with an error after it wrote everything', shell(`printf '${SCRIPT}'; exit 1`), { code: 1 }],
  ['is killed', shell(`printf '${SCRIPT}'; kill -9 $$`), { signal: 'SIGKILL' }],
  ['is not there', { program: '/no/such/pg_dumpall', args: [], env: {} }, { error: 'ENOENT' }],
])('fails where pg_dumpall %s', async (_, pgDumpall, exit) => {
  const failure = await stream(pgDumpall).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ProgramEnded);
  expect(failure).toMatchObject({ exit });
});

it('fails where pg_dumpall ends well without its end mark', async () => {
  await expect(stream(shell("printf 'CREATE ROLE app;\\n'"))).rejects.toMatchObject({ reason: 'truncated' });
});

it('ends pg_dumpall when it is told to stop', async () => {
  const stop = new AbortController();
  let pid = 0;
  const stopped = streamGlobals({
    pgDumpall: shell(`printf 'CREATE ROLE app;\\n'; exec sleep 60`),
    sink,
    signal: stop.signal,
    streamed: (_, { pgDumpall = 0 }) => {
      pid = pgDumpall;
      stop.abort(new Error('told to stop'));
    },
  });
  await expect(stopped).rejects.toThrow('told to stop');
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
