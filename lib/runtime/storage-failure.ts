import { NotFound, S3ServiceException } from '@aws-sdk/client-s3';
import { Failure } from '../domain/outcomes.ts';

/** A failure of the store, by the name of its error: messages of S3 can quote request headers. */
export function storageFailure(step: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const name = error instanceof Error ? error.name : typeof error;
  const status = error instanceof S3ServiceException ? ` (HTTP ${error.$metadata.httpStatusCode ?? '?'})` : '';
  return new Failure('storage', `${step}: ${name}${status}`, { cause: error });
}

/** 412: the key exists. 409: somebody else is writing it at this moment. */
export const isTaken = (error: unknown): boolean =>
  error instanceof S3ServiceException && (error.$metadata.httpStatusCode === 412 || error.$metadata.httpStatusCode === 409);

export const isAbsent = (error: unknown): boolean =>
  error instanceof NotFound || (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404);
