import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readConfig } from '../../lib/domain/config/config-file.ts';
import { NightproofStack } from '../../lib/infra/nightproof-stack.ts';

type Json = Record<string, unknown>;

export interface Resource {
  readonly Type: string;
  readonly Properties: Json;
  readonly DeletionPolicy?: string;
}

/** The template of a configuration file, synthesized with the flags of cdk.json. */
export const synthesized = (configFile = 'docs/examples/aletheia.yaml') =>
  synthesizedText(readFileSync(configFile, 'utf8'), configFile);

/** The same of a configuration as text. */
export function synthesizedText(text: string, configFile = 'nightproof.yaml') {
  const outdir = mkdtempSync(join(tmpdir(), 'nightproof-synth-'));
  try {
    const { context } = JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: Json };
    const app = new App({ outdir, context, builtinCloudFormationValidation: false });
    const stack = new NightproofStack(app, 'Stack', { config: readConfig(text, configFile) });
    const template = Template.fromStack(stack);
    return { template, resources: (template.toJSON() as { Resources: Record<string, Resource> }).Resources };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** The statements of every policy in a template, with the logical id of the resource that holds them. */
export function statements(resources: Record<string, Resource>) {
  return Object.entries(resources).flatMap(([id, { Properties }]) => {
    const document = (Properties?.PolicyDocument ?? Properties?.KeyPolicy) as { Statement: Json[] } | undefined;
    return (document?.Statement ?? []).map((statement) => ({
      holder: id,
      effect: statement.Effect as string,
      actions: [statement.Action].flat() as string[],
      resources: [statement.Resource].flat().map((resource) => JSON.stringify(resource)),
      condition: statement.Condition as Json | undefined,
    }));
  });
}

/** The definition of the state machine of a construct, with `TOKEN` where the deployment fills something in. */
export function definitionOf(
  resources: Record<string, Resource>,
  construct = 'NightlyRun',
): { States: Record<string, Json>; TimeoutSeconds: number } {
  const [, machine] =
    Object.entries(resources).find(([id, { Type }]) => Type === 'AWS::StepFunctions::StateMachine' && id.startsWith(construct)) ??
    [];
  if (!machine) throw new Error(`the template has no state machine ${construct}`);
  const parts = (machine.Properties.DefinitionString as { 'Fn::Join': [string, unknown[]] })['Fn::Join'][1];
  const text = parts.map((part) => (typeof part === 'string' ? part : 'TOKEN')).join('');
  return JSON.parse(text.replaceAll('arn:TOKEN:', 'arn:aws:').replaceAll('"Resource":"TOKEN"', `"Resource":"${FUNCTION_ARN}"`));
}

export interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly TimeoutSeconds?: number;
  readonly Choices?: readonly { readonly Next: string; readonly StringEquals?: string }[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string; readonly ResultPath?: string }[];
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[] }[];
  readonly ItemProcessor?: { readonly States: Record<string, State>; readonly ProcessorConfig: unknown };
  readonly [field: string]: unknown;
}

/** Names of the states that an execution can come to from one of them, itself among them. */
export function reachable(states: Readonly<Record<string, State>>, from: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const visit = (name: string | undefined): void => {
    const state = name === undefined || seen.has(name) ? undefined : states[name];
    if (!state || name === undefined) return;
    seen.add(name);
    for (const next of [state.Next, state.Default, ...[...(state.Choices ?? []), ...(state.Catch ?? [])].map(({ Next }) => Next)])
      visit(next);
  };
  visit(from);
  return seen;
}

/** Stands for the ARN of whichever function a state invokes. */
export const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:123456789012:function:step';
