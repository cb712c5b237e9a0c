import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '../../lib/domain/outcomes.ts';
import { askHttp, type HttpQuestion } from '../../lib/runtime/ask-http.ts';

const TRIES = 4;
const FIRST_PAUSE_MS = 500;

/**
 * The addresses are S3's own: what leads elsewhere is not followed, and nothing of them is told in a message, since whoever has one may use it.
 *
 * Reads what lies under a presigned address, from its beginning; a connection that breaks is taken up again where it broke.
 * `take` is given every byte once. Throws `storage` where it cannot be had.
 */
export async function readPresigned(
  what: string,
  url: string,
  take: (piece: Uint8Array) => void | Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let at = 0;
  let fault: unknown;
  for (let left = TRIES; ; left--) {
    const from = at;
    const response = await ask(what, url, { headers: from === 0 ? {} : { range: `bytes=${from}-` } }, signal);
    if (response.statusCode !== (from === 0 ? 200 : 206)) throw refused(what, response);
    try {
      for await (const piece of response as AsyncIterable<Buffer>) {
        at += piece.length;
        await Promise.resolve(piece)
          .then(take)
          .catch((error: unknown) => {
            fault = error;
            throw error;
          });
      }
      const announced = Number(response.headers['content-length'] ?? at - from);
      if (at - from === announced) return;
      throw new Error('the body ended early');
    } catch (error) {
      signal.throwIfAborted();
      // not the connection's: whoever takes the bytes wants no more of them
      if (fault !== undefined) throw fault;
      if (left === 1) throw new Failure('storage', `${what}: the connection broke after ${at} bytes`, { cause: error });
    }
  }
}

/** Stores a document once. What is there already stays: it was written by an earlier try whose answer was lost. False in that case. */
export async function storeOnce(what: string, url: string, body: string, signal: AbortSignal): Promise<boolean> {
  const response = await ask(what, url, { method: 'PUT', body, headers: { 'if-none-match': '*' } }, signal);
  response.destroy();
  const { statusCode = 0 } = response;
  if (statusCode === 412) return false;
  if (statusCode < 200 || statusCode > 299) throw refused(what, response);
  return true;
}

/** Asks again where nobody answers, or S3 says that it is busy. */
async function ask(
  what: string,
  url: string,
  question: Omit<HttpQuestion, 'signal'>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  for (let n = 1; ; n++) {
    try {
      const response = await askHttp(url, { ...question, signal });
      if (n === TRIES || (response.statusCode ?? 0) < 500) return response;
      response.destroy();
    } catch (error) {
      signal.throwIfAborted();
      if (n === TRIES) throw new Failure('storage', `${what}: no answer (${nameOf(error)})`, { cause: error });
    }
    await pause(FIRST_PAUSE_MS * 2 ** (n - 1), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** 403 also where the address has expired. */
function refused(what: string, response: IncomingMessage): Failure {
  response.destroy();
  return new Failure('storage', `${what}: HTTP ${response.statusCode}`);
}

/** Its message may quote the address. */
function nameOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : error instanceof Error ? error.name : typeof error;
}
