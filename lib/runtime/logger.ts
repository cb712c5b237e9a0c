import { Logger } from '@aws-lambda-powertools/logger';
import { Failure } from '../domain/outcomes.ts';

/** Structured lines on stdout, one JSON object each; the service name comes from POWERTOOLS_SERVICE_NAME. */
const logger = new Logger();

/**
 * A step as a Lambda handler that says in the log what it was asked and what came of it. What it throws goes on untouched:
 * Step Functions routes on the name of the error.
 *
 * Payloads hold keys and ids only, so they may be logged; credentials never pass through a function.
 */
export function told<R extends object>(
  step: string,
  work: (payload: unknown) => Promise<R>,
  { log = logger, shown = (result) => result }: ToldOptions<R> = {},
): (payload: unknown) => Promise<R> {
  return async (payload) => {
    log.info(`${step}:Started`, { payload: payload as object });
    try {
      const result = await work(payload);
      log.info(`${step}:Done`, { result: shown(result) });
      return result;
    } catch (error) {
      log.error(`${step}:Failed`, { failure: describe(error) });
      throw error;
    }
  };
}

/** A cause is named, not printed: errors of the SDK drag whole requests along. */
function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const { name, message, stack, cause } = error;
  return {
    name,
    message,
    ...(cause instanceof Error && { cause: cause.name }),
    // an expected failure says all there is to say; for the others the log is where to look
    ...(!(error instanceof Failure) && { stack }),
  };
}

interface ToldOptions<R> {
  readonly log?: StepLog;
  /** What of the result is said in the log. @default - all of it */
  readonly shown?: (result: R) => object;
}

/** As much of a logger as a step needs. */
export type StepLog = Pick<Logger, 'info' | 'error'>;
