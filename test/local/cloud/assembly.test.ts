import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnOutput, Stack, Stage } from 'aws-cdk-lib';
import { afterAll, describe, expect, it } from 'vitest';
import { readAssembly } from '../../../lib/local/cloud/assembly.ts';

const folder = mkdtempSync(join(tmpdir(), 'nightproof-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The assembly of an app with what `build` puts into it. */
function assemblyOf(build: (app: App) => void): string {
  const outdir = mkdtempSync(join(folder, 'out-'));
  const app = new App({ outdir, builtinCloudFormationValidation: false, analyticsReporting: false });
  build(app);
  app.synth();
  return outdir;
}

const stack = (scope: App | Stage, name: string, env: { region?: string; account?: string } = {}): Stack => {
  const made = new Stack(scope, name, { env, stackName: `stack-${name}` });
  new CfnOutput(made, 'Name', { value: name });
  return made;
};

describe('an assembly of several stacks', () => {
  it('is deployed where it names no region, and tells of what belongs elsewhere', () => {
    const { stackName, template, elsewhere } = readAssembly(
      assemblyOf((app) => {
        stack(app, 'a-offsite', { region: 'eu-west-1' });
        stack(app, 'main');
        stack(app, 'z-offsite', { region: 'eu-west-1', account: '222222222222' });
      }),
    );
    expect(stackName).toBe('stack-main');
    expect(template.Outputs?.Name?.Value).toBe('main');
    expect(elsewhere).toEqual([
      { stackName: 'stack-a-offsite', environment: 'aws://unknown-account/eu-west-1' },
      { stackName: 'stack-z-offsite', environment: 'aws://222222222222/eu-west-1' },
    ]);
  });

  it.each<[string, (app: App) => void, RegExp]>([
    ['none that names no region', (app) => stack(app, 'only', { region: 'eu-west-1' }), /holds 0 stacks that name no region/],
    ['two that name no region', (app) => [stack(app, 'one'), stack(app, 'two')], /holds 2 stacks/],
    ['stages', (app) => stack(new Stage(app, 'stage'), 'inner'), /stages/],
  ])('is refused where it has %s', (_, build, message) => {
    expect(() => readAssembly(assemblyOf(build))).toThrow(message);
  });
});
