import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';

const CREDENTIALS = new Set(['CredentialsProviderError', 'TokenProviderError']);
const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired']);
const REFUSED = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
]);
const NETWORK = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
]);
const SLOW = new Set(['TimeoutError', 'NetworkingError', 'RequestTimeout', 'RequestTimeoutException']);
const THROTTLED = new Set([
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'SlowDown',
  'KmsThrottlingException',
]);

interface AwsFacts {
  readonly name: string;
  readonly code: string;
  readonly status: number;
}

/** An error of the SDK in words for the operator; undefined where it is none that is known. `step` says what was being done. */
export function explainAws(error: unknown, step: string): CliError | undefined {
  const { name, code, status } = factsOf(error);
  const options = { cause: error };
  const unreachable = (what: string, remedy: string): CliError =>
    new CliError(EXIT.unreachable, `${step}: ${what}`, remedy, options);

  if (CREDENTIALS.has(name)) return unreachable('no AWS credentials were found', 'Set AWS_PROFILE, or log in: aws sso login');
  if (EXPIRED.has(name))
    return unreachable('the AWS credentials have expired', 'Log in again: aws sso login (or renew the keys in use)');
  if (REFUSED.has(name))
    return unreachable(
      `AWS does not accept the credentials (${name})`,
      'Check AWS_PROFILE and its keys: aws sts get-caller-identity',
    );
  if (isTransient(error))
    return unreachable(
      `no answer (${code || name})`,
      'Check the network, the region (--region, AWS_REGION) and status.aws.amazon.com, then try again.',
    );
  if (status === 403 || name === 'AccessDenied' || name === 'AccessDeniedException')
    return unreachable(
      `access denied (${name})`,
      'Give your role the rights listed in docs/cli.md, "Rights", or choose another AWS_PROFILE.',
    );
  return undefined;
}

/** Whether the same request can succeed a little later without anybody doing something. */
export function isTransient(error: unknown): boolean {
  const { name, code, status } = factsOf(error);
  return NETWORK.has(code) || SLOW.has(name) || THROTTLED.has(name) || status === 429 || status >= 500;
}

/** An error's own facts, or those of what caused it: the vault wraps what the SDK throws. */
function factsOf(error: unknown): AwsFacts {
  if (!(error instanceof Error)) return { name: '', code: '', status: 0 };
  const { name, cause, code = '', $metadata } = error as Error & { code?: string; $metadata?: { httpStatusCode?: number } };
  const own = { name, code, status: $metadata?.httpStatusCode ?? 0 };
  return $metadata === undefined && code === '' && cause instanceof Error ? factsOf(cause) : own;
}
