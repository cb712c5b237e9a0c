import { describe, expect, it } from 'vitest';
import { Connection } from '../../../lib/domain/config/connection.ts';
import { Failure } from '../../../lib/domain/outcomes.ts';
import { type CredentialSources, credentialsFor } from '../../../lib/runtime/postgres/credentials.ts';

const RDS = {
  engine: 'postgres',
  host: 'db.example.com',
  port: 5433,
  username: 'owner',
  password: 'CANARY',
  dbInstanceIdentifier: 'db-1',
};

const sources = (secret: unknown): CredentialSources => ({
  secretText: async () => (typeof secret === 'string' ? secret : JSON.stringify(secret)),
  iamToken: async ({ host, port, user }) => `token for ${user} at ${host}:${port}`,
});

const connection = (fields: object) => Connection.parse({ secret: 'shop', ...fields });

describe('with a password', () => {
  it.each([
    ['all from the secret', {}, RDS, { host: 'db.example.com', port: 5433, user: 'owner', password: 'CANARY' }],
    ['a port as text', {}, { ...RDS, port: '6000' }, { port: 6000 }],
    ['the usual port where nobody names one', {}, { ...RDS, port: undefined }, { port: 5432 }],
    [
      'the configuration before the secret',
      { host: 'replica.example.com', port: 1, user: 'backup' },
      RDS,
      { host: 'replica.example.com', port: 1, user: 'backup', password: 'CANARY' },
    ],
    [
      'a secret that RDS manages, which has no host',
      { host: 'db.example.com' },
      { username: 'owner', password: 'CANARY' },
      { host: 'db.example.com', user: 'owner' },
    ],
  ])('takes %s', async (_, fields, secret, expected) => {
    expect(await credentialsFor(connection(fields), sources(secret))).toMatchObject(expected);
  });

  it.each([
    ['is not JSON', 'CANARY {'],
    ['is not an object', '"CANARY"'],
    ['has no password', { ...RDS, password: undefined }],
    ['has an empty password', { ...RDS, password: '' }],
    ['has no user', { ...RDS, username: undefined }],
    ['has no host', { ...RDS, host: undefined }],
    ['has a port that is none', { ...RDS, port: 'CANARY' }],
    ['has a password with a line break', { ...RDS, password: 'CANARY\nhost:*:*:*:x' }],
  ])('refuses a secret that %s, without quoting it', async (_, secret) => {
    const failure = await credentialsFor(connection({}), sources(secret)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ reason: 'secret', message: expect.stringContaining('secret shop') });
    expect(String(failure)).not.toContain('CANARY');
  });
});

describe('with IAM authentication', () => {
  it('needs no secret', async () => {
    const iam = Connection.parse({ auth: 'iam', host: 'db.example.com', user: 'backup' });
    expect(await credentialsFor(iam, sources('unused'))).toEqual({
      host: 'db.example.com',
      port: 5432,
      user: 'backup',
      password: 'token for backup at db.example.com:5432',
    });
  });

  it('takes the address from a secret, and not its password', async () => {
    expect(await credentialsFor(connection({ auth: 'iam', user: 'backup' }), sources(RDS))).toMatchObject({
      user: 'backup',
      password: 'token for backup at db.example.com:5433',
    });
  });
});
