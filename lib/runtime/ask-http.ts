import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface HttpQuestion {
  /** @default "GET" */
  readonly method?: 'GET' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** A connection on which nothing moves for so long is given up. */
const SILENT_MS = 300_000;

/**
 * Asks once, and follows nothing. Resolves with the head of the answer, whose body whoever asked reads to its end or destroys.
 *
 * Not `fetch`: that of Node 24 ends the whole process, with an error that nobody can catch, where the other side closes the connection
 * while the body still waits for its reader (https://github.com/nodejs/undici/issues/5360).
 */
export function askHttp(url: string, { method = 'GET', headers = {}, body, signal }: HttpQuestion): Promise<IncomingMessage> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, signal, timeout: SILENT_MS }, resolve);
    asked.on('timeout', () => asked.destroy(Object.assign(new Error('nothing moved'), { code: 'ETIMEDOUT' })));
    asked.on('error', reject);
    asked.end(body);
  });
}
