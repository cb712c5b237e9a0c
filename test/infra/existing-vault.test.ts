import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../../lib/domain/config/config-file.ts';
import { synthesizedStacks } from '../support/synthesized-stacks.ts';

const BUCKET = 'nightproof-vaultbucket-0a1b2c3d';
const KEY = 'arn:aws:kms:eu-west-3:123456789012:key/01234567-89ab-cdef-0123-456789abcdef';

const CONFIG = `vault: { bucketName: ${BUCKET}, keyArn: "${KEY}" }
connections:
  main: { secret: prod/main }
sources:
  - { id: app, database: app, connection: main }
`;

describe('a vault that a lost stack left behind', () => {
  const resources = Object.values(Object.values(synthesizedStacks(CONFIG))[0]?.resources ?? {});
  const policies = resources
    .filter(({ Type }) => Type === 'AWS::IAM::Policy')
    .map(({ Properties }) => JSON.stringify(Properties));

  it('is used by the new stack, which makes no bucket of its own', () => {
    expect(resources.filter(({ Type }) => Type === 'AWS::S3::Bucket')).toEqual([]);
    const buckets = resources
      .filter(({ Type }) => Type === 'AWS::Lambda::Function')
      .map(({ Properties }) => (Properties.Environment as { Variables: Record<string, unknown> }).Variables.VAULT_BUCKET);
    expect(new Set(buckets.filter((name) => name !== undefined))).toEqual(new Set([BUCKET]));
  });

  it('is read and written with the rights and the key that it has', () => {
    const reading = policies.filter((policy) => policy.includes('s3:GetObject'));
    expect(reading.length).toBeGreaterThan(0);
    for (const policy of reading) {
      expect(policy).toContain(`:s3:::${BUCKET}/`);
      expect(policy).toContain(KEY);
    }
  });

  it.each([
    ['objectLock', 'objectLock: { mode: governance, keep: 30d }'],
    ['offsite', 'offsite: { region: eu-west-1, bucketName: elsewhere }'],
  ])('takes no setting of %s, which would silently do nothing', (name, line) => {
    const read = () => readConfig(`${line}\n${CONFIG}`, 'nightproof.yaml');
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(`${name}: cannot be set on a vault that exists already`);
  });
});
