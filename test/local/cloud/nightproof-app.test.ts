import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Assembly, readAssembly } from '../../../lib/local/cloud/assembly.ts';
import { objectIn } from '../../../lib/local/cloud/json.ts';
import { LocalCloud } from '../../../lib/local/cloud/local-cloud.ts';
import { SynthesisError, synthesize } from '../../../lib/local/cloud/synthesize.ts';
import { toolchain } from '../../support/toolchain.ts';

const folder = mkdtempSync(join(tmpdir(), 'nightproof-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(['nightproof.yaml', 'docs/examples/aletheia.yaml'])('the app with %s', (config) => {
  let assembly: Assembly;
  let cloud: LocalCloud;

  beforeAll(async () => {
    const place = mkdtempSync(join(folder, 'app-'));
    assembly = readAssembly(await synthesize({ outdir: join(place, 'cdk.out'), config }));
    cloud = await LocalCloud.start({ assembly: assembly.folder, dir: join(place, 'local'), toolchain: await toolchain() });
  });
  afterAll(() => cloud?.stop());

  it('accounts for every resource of the template, and misses none', () => {
    const { created, createdDirectly, notCreated } = cloud.deployment.report;
    const accounted = [...created, ...createdDirectly, ...notCreated].map(({ logicalId }) => logicalId);
    expect(accounted.sort()).toEqual(Object.keys(assembly.template.Resources).sort());
    expect(notCreated).toEqual([]);
  });

  it('gives each function the variables of the template, resolved', () => {
    const functions = Object.entries(assembly.template.Resources).filter(([, { Type }]) => Type === 'AWS::Lambda::Function');
    expect(cloud.functions).toHaveLength(functions.length);
    for (const [logicalId, { Properties }] of functions) {
      const Variables = objectIn(objectIn(Properties?.Environment).Variables);
      const name = cloud.deployment.report.created.find((resource) => resource.logicalId === logicalId)?.physicalId;
      const environment = cloud.functions.find((fn) => fn.name === name)?.environment ?? {};
      const added = /^(AWS_|LAMBDA_|_HANDLER$|PATH$|TZ$|LANG$|NODE_ENV$)/;
      expect(
        Object.keys(environment)
          .filter((key) => !added.test(key))
          .sort(),
      ).toEqual(Object.keys(Variables).sort());
      expect(environment.VAULT_BUCKET).toBe(cloud.vaultBucket);
    }
  });

  it('refuses a wrong input in the deployed state machine, by the deployed function', async () => {
    const execution = await cloud.execute({ sources: ['../x'], reson: 'misspelt' });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'Nightproof.InputRefused' });
    expect(execution.cause).toContain('reson');
  });
});

it('fails with what the app says of a wrong configuration', async () => {
  const config = join(folder, 'wrong.yaml');
  writeFileSync(config, 'sources: []\nshedule: {}\n');
  const failing = synthesize({ outdir: join(folder, 'wrong.out'), config });
  await expect(failing).rejects.toThrow(SynthesisError);
  await expect(failing).rejects.toThrow('shedule');
});
