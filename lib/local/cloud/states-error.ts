/** A failure as Step Functions sees it: `Error` is the name that Retry and Catch match, `Cause` the text beside it. */
export class StatesError extends Error {
  /** Read by the engine: some errors no Retry and no Catch may match. */
  readonly isRetryable: boolean;
  readonly isCatchable: boolean;

  constructor(error: string, cause: string) {
    super(cause);
    this.name = error;
    this.isRetryable = this.isCatchable = !UNCATCHABLE.has(error);
  }
}

const UNCATCHABLE = new Set(['States.Runtime', 'States.DataLimitExceeded']);
