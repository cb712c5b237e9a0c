import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EXAMPLES, exampleFile } from '../support/example-docs.ts';

const folder = mkdtempSync(join(tmpdir(), 'nightproof-cdk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `npx cdk synth` as a user runs it, on a machine with no AWS, no Docker and nothing in its environment but a PATH to Node. */
function cdkSynth(config: string) {
  const out = mkdtempSync(join(folder, 'out-'));
  const { status, stderr } = spawnSync(
    'node_modules/.bin/cdk',
    ['synth', '--quiet', '--ci=false', '-c', `config=${config}`, '-o', out],
    {
      env: { PATH: join(process.cwd(), 'node_modules/.bin'), HOME: out, CI: 'true' },
      encoding: 'utf8',
    },
  );
  return { status, stderr, out };
}

/** A stack over the vault of another one that is lost. */
const overLostVault = join(folder, 'lost.yaml');
writeFileSync(
  overLostVault,
  `vault: { bucketName: nightproof-vault, keyArn: "arn:aws:kms:eu-west-3:123456789012:key/0a1b2c3d-0000-4000-8000-0123456789ab" }
connections: { main: { secret: s } }
sources: [{ id: app, database: app, connection: main }]
`,
);

/** Locks and an off-site bucket, in the same account and in another one. */
const offsite = ['', ', account: "222222222222"'].map((account, n) => {
  const config = join(folder, `offsite-${n}.yaml`);
  writeFileSync(
    config,
    `connections: { main: { secret: s } }
objectLock: { mode: governance, keep: 30d }
offsite: { region: eu-west-1, bucketName: nightproof-offsite, keep: { daily: 30d }${account} }
sources: [{ id: app, database: app, connection: main }]
`,
  );
  return config;
});

describe('npx cdk synth', () => {
  it.each(['nightproof.yaml', ...EXAMPLES.map(exampleFile), ...offsite, overLostVault])(
    'of %s passes the built-in validation and cdk-nag, offline',
    (config) => {
      const { status, stderr, out } = cdkSynth(config);
      expect(stderr).not.toMatch(/ERROR|WARNING/);
      expect(status).toBe(0);

      const { pluginReports } = JSON.parse(readFileSync(join(out, 'validation-report.json'), 'utf8')) as {
        pluginReports: { pluginName: string; conclusion: string }[];
      };
      const conclusions = Object.fromEntries(pluginReports.map(({ pluginName, conclusion }) => [pluginName, conclusion]));
      expect(conclusions).toMatchObject({ AwsSolutions: 'success' });
      expect(Object.values(conclusions).every((conclusion) => conclusion === 'success')).toBe(true);
    },
  );

  it('warns of volumes that no task can mount from a VPC of its own', () => {
    const config = join(folder, 'volumes.yaml');
    writeFileSync(
      config,
      `volumes: { media: { fileSystemId: fs-0123456789abcdef0, accessPointId: fsap-0123456789abcdef0 } }
sources: [{ id: uploads, kind: files, volume: media }]
`,
    );
    const { status, stderr } = cdkSynth(config);
    expect(status).toBe(0);
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain('media will not be. Set network.mode to "existing"');
  });

  it('names file, line and what is allowed where the configuration is wrong, and writes no template', () => {
    const config = join(folder, 'wrong.yaml');
    writeFileSync(
      config,
      'connections:\n  main: { secret: s }\nkeep: { daily: 7 days }\nsources:\n  - { id: app, database: app, connection: main }\n',
    );
    const { status, stderr } = cdkSynth(config);
    expect(status).not.toBe(0);
    expect(stderr).toContain(`${config}:3:`);
    expect(stderr).toContain('"7d"');
  });
});
