import { DatabaseError } from 'pg';
import { Failure, type Reason } from '../../domain/outcomes.ts';

/** SQLSTATEs that say why a server turned us away; two-letter ones stand for their whole class. */
const REASON_BY_SQLSTATE: Readonly<Record<string, Reason>> = {
  '28': 'auth',
  '3D000': 'no-database',
  '42501': 'permission',
  '08': 'unreachable',
  '53': 'busy',
  // starting up, shutting down, killed by an administrator, database dropped under us, conflict with recovery on a standby
  '57P': 'busy',
  '40001': 'busy',
  '57014': 'timeout',
};

/** Node's names for a certificate that is not believed, or a handshake that fails. */
const TLS_CODE = /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/;

/**
 * Why talking to a server failed, by SQLSTATE and error code. The server's own text is left out: it can quote data.
 * What is neither an answer of the server nor trouble on the way to it is a fault of ours and passes unchanged.
 */
export function serverFailure(step: string, error: unknown): unknown {
  if (error instanceof DatabaseError) return refusal(step, error);
  if (!(error instanceof Error) || (error.name !== 'Error' && error.name !== 'AggregateError')) return error;
  const code = (error as NodeJS.ErrnoException).code;
  // pg has no code for a server that hangs up, does not answer in time, or has no TLS
  if (!code)
    return new Failure('unreachable', `${step}: no answer, or not the one of a PostgreSQL server with TLS as configured`, {
      cause: error,
    });
  return new Failure('unreachable', `${step}: ${TLS_CODE.test(code) ? 'TLS ' : ''}${code}`, { cause: error });
}

function refusal(step: string, error: DatabaseError): Failure {
  const sqlState = error.code ?? '';
  const reason = [sqlState, sqlState.slice(0, 3), sqlState.slice(0, 2)].map((key) => REASON_BY_SQLSTATE[key]).find(Boolean);
  return new Failure(reason ?? 'internal', `${step}: SQLSTATE ${sqlState || 'missing'}`, { cause: error });
}
