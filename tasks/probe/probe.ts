import type { PROBE_EXITS } from '../../lib/domain/restore/probe.ts';
import { askHttp } from '../../lib/runtime/ask-http.ts';

/** Somebody who waits for an answer waits so long; then the question is put again. */
const ANSWER_WITHIN_MS = 10_000;
const BETWEEN_QUESTIONS_MS = 2_000;

/** Of an answer as much is read; a health check is small. */
const MAX_ANSWER_BYTES = 1024 * 1024;

export type ProbeResult = keyof typeof PROBE_EXITS;

export interface ProbeQuestion {
  readonly url: string;
  readonly status: number;
  /** A text that the answer must hold. */
  readonly contains: string | undefined;
  /** How long it is asked again until it answers so. */
  readonly seconds: number;
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number;
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** Asks until the answer is right or the time is over, and then says what was last wrong with it. At least one question is put. */
export async function probe(question: ProbeQuestion): Promise<ProbeResult> {
  const end = question.now() + question.seconds * 1000;
  for (;;) {
    const result = await ask(question);
    if (result === 'healthy' || question.now() + BETWEEN_QUESTIONS_MS >= end) return result;
    await question.pause(BETWEEN_QUESTIONS_MS);
  }
}

/** Redirects are not followed: the status of the address itself is asked for. */
async function ask({ url, status, contains }: ProbeQuestion): Promise<ProbeResult> {
  try {
    const answer = await askHttp(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    try {
      if (answer.statusCode !== status) return 'status';
      return contains === undefined || (await beginningOf(answer)).includes(contains) ? 'healthy' : 'contents';
    } finally {
      answer.destroy();
    }
  } catch {
    return 'silent';
  }
}

async function beginningOf(body: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(pieces).toString();
}
