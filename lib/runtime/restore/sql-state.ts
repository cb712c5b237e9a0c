import { Failure, type Reason } from '../../domain/outcomes.ts';

/** The SQLSTATE that a server refused something with; undefined where it was not the server that refused. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = error instanceof Failure ? (error.cause as { code?: unknown } | undefined)?.code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Reasons that say more than what was being done. */
const STANDING: ReadonlySet<Reason> = new Set(['auth', 'unreachable', 'busy', 'cancelled']);

/** The same failure for a reason that fits what was being done, where the server refused just that. */
export function refusedAs(reason: Reason, what: string, error: unknown): unknown {
  if (!(error instanceof Failure) || STANDING.has(error.reason)) return error;
  return new Failure(reason, `${what}: ${error.message}`, { cause: error.cause });
}
