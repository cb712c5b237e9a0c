import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type ProbeResult, probe } from '../../tasks/probe/probe.ts';

let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

async function asked(answer: RequestListener, facts: { contains?: string; seconds?: number } = {}): Promise<ProbeResult> {
  const { contains, seconds = 10 } = facts;
  server = createServer(answer);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
  let clock = 0;
  const pause = async (milliseconds: number) => {
    clock += milliseconds;
  };
  return probe({ url, status: 200, contains, seconds, now: () => clock, pause });
}

it('an address that answers as it should is healthy', async () => {
  expect(await asked((_, response) => response.end('{"database":{"status":"ok"}}'), { contains: '"status":"ok"' })).toBe(
    'healthy',
  );
});

it('until it does it is asked again, within its time', async () => {
  let questions = 0;
  const third: RequestListener = (_, response) => {
    response.statusCode = ++questions < 3 ? 503 : 200;
    response.end();
  };
  expect(await asked(third)).toBe('healthy');
  expect(questions).toBe(3);
});

it.each([
  ['status', (_: unknown, response: Parameters<RequestListener>[1]) => response.writeHead(503).end()],
  ['status', (_: unknown, response: Parameters<RequestListener>[1]) => response.writeHead(302, { location: '/' }).end()],
  ['contents', (_: unknown, response: Parameters<RequestListener>[1]) => response.end('all broken')],
  ['silent', (request: Parameters<RequestListener>[0]) => request.socket.destroy()],
] as const)('after its time it says what was last wrong: %s', async (result, answer) => {
  expect(await asked(answer, { contains: 'well' })).toBe(result);
});

it('of an answer without an end only the beginning is read', async () => {
  const endless: RequestListener = (_, response) => {
    const more = (): void => {
      while (response.write(Buffer.alloc(65_536, 'x')));
      response.once('drain', more);
    };
    more();
  };
  expect(await asked(endless, { contains: 'well', seconds: 1 })).toBe('contents');
});
