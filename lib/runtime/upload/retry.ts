import { setTimeout as pause } from 'node:timers/promises';
import { S3ServiceException } from '@aws-sdk/client-s3';
import { Failure } from '../../domain/outcomes.ts';

/** How often and how patiently a request is sent again, after the SDK's own tries. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly baseMs: number;
  readonly capMs: number;
}

/** Two to four minutes of full trouble, eight times the SDK's three tries: a store that is away for longer fails the dump. */
export const PART_RETRIES: RetryPolicy = { attempts: 8, baseMs: 500, capMs: 60_000 };

/** Refusals by status 4xx that say something of this one try only: damaged or late on its way, or signed with old credentials. */
const TRANSIENT_REFUSALS: ReadonlySet<string> = new Set([
  'BadDigest',
  'ExpiredToken',
  'IncompleteBody',
  'OperationAborted',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
]);

/** Says whether sending the same again can end better: no answer at all, trouble of the store's, or a transient refusal. */
function isTransient(error: unknown): boolean {
  if (error instanceof Failure) return error.cause !== undefined && isTransient(error.cause);
  if (!(error instanceof S3ServiceException)) return true;
  const status = error.$metadata.httpStatusCode ?? 0;
  return status < 400 || status >= 500 || status === 429 || TRANSIENT_REFUSALS.has(error.name);
}

/** Does `work` until it succeeds, the error is final, the attempts are used up, or `signal` fires. Waits are random, up to a limit that doubles. */
export async function withRetries<T>(policy: RetryPolicy, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || attempt >= policy.attempts || !isTransient(error)) throw error;
      await pause(Math.random() * Math.min(policy.capMs, policy.baseMs * 2 ** attempt), undefined, { signal });
    }
  }
}
