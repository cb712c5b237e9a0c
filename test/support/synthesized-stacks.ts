import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { CloudFormationStackArtifact } from 'aws-cdk-lib/cx-api';
import { readConfig } from '../../lib/domain/config/config-file.ts';
import { nightproofStacks } from '../../lib/infra/nightproof-stacks.ts';
import type { Resource } from './synthesized.ts';

export interface StackTemplate {
  readonly artifact: Pick<CloudFormationStackArtifact, 'stackName'> & { readonly environment: string };
  readonly dependsOn: readonly string[];
  readonly resources: Readonly<Record<string, Resource>>;
  readonly parameters: Readonly<Record<string, { readonly Default?: string }>>;
}

/** All stacks of a configuration, by name, synthesized with the flags of cdk.json. */
export function synthesizedStacks(text: string, deployingAccount?: string): Readonly<Record<string, StackTemplate>> {
  const outdir = mkdtempSync(join(tmpdir(), 'nightproof-synth-'));
  try {
    const { context } = JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: Record<string, unknown> };
    const app = new App({ outdir, context, builtinCloudFormationValidation: false });
    nightproofStacks(app, readConfig(text, 'test.yaml'), deployingAccount);
    const { stacks } = app.synth();
    return Object.fromEntries(stacks.map((stack) => [stack.stackName, stackTemplate(stack)]));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

function stackTemplate(stack: CloudFormationStackArtifact): StackTemplate {
  const { Resources, Parameters } = Template.fromJSON(stack.template).toJSON();
  return {
    artifact: { stackName: stack.stackName, environment: stack.environment.name },
    dependsOn: stack.dependencies.map(({ id }) => id),
    resources: Resources,
    parameters: Parameters,
  };
}
