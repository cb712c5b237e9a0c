import {
  GetSecretValueCommand,
  type SecretsManagerClient,
  SecretsManagerServiceException,
} from '@aws-sdk/client-secrets-manager';
import { Signer } from '@aws-sdk/rds-signer';
import { Failure } from '../../domain/outcomes.ts';
import type { CredentialSources } from './credentials.ts';

/** Secrets from Secrets Manager, tokens signed with the role of the task. */
export function awsCredentialSources(secrets: SecretsManagerClient): CredentialSources {
  return {
    secretText: (id) => secretText(secrets, id),
    iamToken: ({ host, port, user }) => new Signer({ hostname: host, port, username: user }).getAuthToken(),
  };
}

async function secretText(secrets: SecretsManagerClient, id: string): Promise<string> {
  try {
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: id }));
    if (SecretString === undefined) throw new Failure('secret', `secret ${id} holds bytes, not text`);
    return SecretString;
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw secretFailure(id, error);
  }
}

/** A refusal stays one; a service that does not answer, or is overloaded, is worth another try. */
function secretFailure(id: string, error: unknown): Failure {
  const name = error instanceof Error ? error.name : typeof error;
  const refused = error instanceof SecretsManagerServiceException && error.$fault === 'client' && !error.$retryable;
  return refused
    ? new Failure('secret', `secret ${id}: ${name}`, { cause: error })
    : new Failure('unreachable', `Secrets Manager, for secret ${id}: ${name}`, { cause: error });
}
