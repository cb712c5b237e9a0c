import { Failure, type Reason } from '../../domain/outcomes.ts';

/**
 * What a file system's refusal means, by its code. In a folder that nobody but the restore writes to, a name that is taken or leads
 * through a file can only come from an archive that names one place twice.
 */
const REASON_OF: Readonly<Record<string, Reason>> = {
  ENOSPC: 'space',
  EDQUOT: 'space',
  EFBIG: 'space',
  EEXIST: 'unsafe-archive',
  ENOTDIR: 'unsafe-archive',
  EISDIR: 'unsafe-archive',
  ELOOP: 'unsafe-archive',
  ENOENT: 'unsafe-archive',
};

/** A failure to make `what`; anything but the two above is about the place that is restored to. */
export function writingFailure(error: unknown, what: string): unknown {
  if (error instanceof Failure) return error;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  return new Failure(REASON_OF[code] ?? 'target', `${what}: ${syscall} failed with ${code}`, { cause: error });
}

/** The same of the folder itself, in which others write as well. */
export function targetFailure(error: unknown, what: string): unknown {
  const failure = writingFailure(error, what);
  if (!(failure instanceof Failure) || failure.reason !== 'unsafe-archive') return failure;
  return error instanceof Failure ? error : new Failure('target', failure.message, { cause: error });
}
