import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { drillBackup } from '../../../tasks/drill/drill-backup.ts';
import { DRILL_LIMITS } from '../../../tasks/drill/drill-limits.ts';
import { DrillNotes } from '../../../tasks/drill/drill-notes.ts';
import { readPresigned } from '../../../tasks/drill/presigned.ts';
import { makeCorpus } from '../../support/corpus-backups.ts';
import { original } from '../../support/damage-case.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';

const BODY = Buffer.alloc(8 * 1024 ** 2, 'body');
const NEVER = new AbortController().signal;

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/object`;
}

async function read(url: string, each: () => Promise<void> = async () => undefined): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  const take = async (piece: Uint8Array): Promise<void> => {
    pieces.push(piece);
    await each();
  };
  await readPresigned('GET of the archive', url, take, NEVER);
  return Buffer.concat(pieces);
}

it('reads to its end what a server sent that hung up long before all of it was taken', async () => {
  const server = createSocketServer((socket) => {
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\nConnection: close\r\n\r\n`);
      socket.end(BODY);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/object`;

  const slowly = async (): Promise<void> => {
    for (let turn = 0; turn < 100; turn++) await setImmediate();
  };
  expect((await read(url, slowly)).equals(BODY)).toBe(true);
});

it('goes on where a connection broke', async () => {
  const ranges: (string | undefined)[] = [];
  const url = await serve(({ headers }, reply) => {
    ranges.push(headers.range);
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    reply.writeHead(from === 0 ? 200 : 206, { 'content-length': BODY.length - from });
    if (from > 0) return void reply.end(BODY.subarray(from));
    reply.write(BODY.subarray(0, 100_000), () => reply.destroy());
  });
  expect((await read(url)).equals(BODY)).toBe(true);
  expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
});

it('lets a drill read twice before a backup is called damaged: a bit that changed on its way proves nothing', async () => {
  const { backups } = await makeCorpus(scratchFolder(), 1, ['tree gzip']);
  const [backup] = backups;
  if (!backup) throw new Error('there is no backup');
  const whole = original(backup);
  const rotten = Buffer.from(whole);
  rotten[100] = (rotten[100] ?? 0) ^ 1;
  let flips = 1;
  const archiveUrl = await serve((_, reply) => void reply.end(flips-- > 0 ? rotten : whole));
  const drill = (): Promise<void> =>
    drillBackup(
      backup.manifest,
      { archiveUrl, manifestUrl: '', evidenceUrl: '', probes: [], storageBytes: 1e12 },
      {
        clients: async () => [],
        servers: async () => [],
        now: () => new Date(0),
        ticks: () => 0,
        scratch: `${scratchFolder()}/drill-`,
        limits: DRILL_LIMITS,
        stop: NEVER,
      },
      new DrillNotes(() => 0),
    );

  await drill();
  flips = 2;
  await expect(drill()).rejects.toMatchObject({ name: 'Nightproof.damaged' });
});
