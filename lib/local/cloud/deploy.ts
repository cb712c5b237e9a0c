import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Assembly, Template } from './assembly.ts';
import { createBootstrapStack } from './bootstrap-stack.ts';
import type { DeployedResource, DeployReport } from './deploy-report.ts';
import { applyBucketSettings, createDirectly, isCreatedDirectly, reasonFor } from './direct-resources.ts';
import { awsClient, type Endpoints, settingsClient } from './endpoints.ts';
import { ignoredProperties } from './ignored-properties.ts';
import { type Json, type JsonObject, objectIn } from './json.ts';

export interface Deployment {
  readonly stackName: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly report: DeployReport;
}

/** Physical names by logical id, from an earlier deployment over the same folder. */
export type KeptNames = Readonly<Record<string, string>>;

/** Outputs that carry the properties of resources which are created directly: so moto resolves what they refer to. */
const CARRIER = /^LocalCloud(\d+)$/;

/**
 * Deploys the template of an assembly into moto by CloudFormation calls. moto passes over what it does not know without a
 * word, so the stack is compared with the template afterwards: what is missing is created by a direct call or reported.
 */
export async function deploy(assembly: Assembly, endpoints: Endpoints, kept: KeptNames = {}): Promise<Deployment> {
  const cloudFormation = new CloudFormationClient(awsClient(endpoints));
  try {
    const assetBucket = await createBootstrapStack(cloudFormation, assembly, endpoints);
    const template = withCarriers(withKeptNames(assembly.template, kept));
    await createStack(cloudFormation, assembly.stackName, template, { endpoints, assetBucket });

    const outputs = await outputsOf(cloudFormation, assembly.stackName);
    const created = await resourcesOf(cloudFormation, assembly);
    const rest = await createMissing(assembly, created, outputs, endpoints);
    const own = Object.entries(outputs).filter(([key]) => !CARRIER.test(key));
    return {
      stackName: assembly.stackName,
      outputs: Object.fromEntries(own),
      report: {
        created,
        ...rest,
        ignored: ignoredProperties(assembly.template, created),
        notDeployed: notDeployed(assembly),
      },
    };
  } finally {
    cloudFormation.destroy();
  }
}

const notDeployed = ({ elsewhere }: Assembly): DeployReport['notDeployed'] =>
  elsewhere.map(({ stackName, environment }) => ({
    stackName,
    why: `it belongs to ${environment}, and the local cloud is one region of one account`,
  }));

/** A bucket that an earlier deployment made, and that outlives its stack, keeps its name: CloudFormation would update the stack, but moto forgets. */
function withKeptNames(template: Template, kept: KeptNames): Template {
  const resources = Object.entries(template.Resources).map(([id, resource]) => {
    const BucketName = kept[id];
    return [
      id,
      BucketName === undefined ? resource : { ...resource, Properties: { BucketName, ...resource.Properties } },
    ] as const;
  });
  return { ...template, Resources: Object.fromEntries(resources) };
}

function withCarriers(template: Template): Template {
  const references = new Set<string>();
  for (const { Type, Properties = {} } of Object.values(template.Resources))
    if (isCreatedDirectly(Type)) for (const reference of referencesIn(Properties)) references.add(JSON.stringify(reference));
  const carriers = [...references].map((reference, n) => [`LocalCloud${n}`, { Value: JSON.parse(reference) as Json }] as const);
  return { ...template, Outputs: { ...template.Outputs, ...Object.fromEntries(carriers) } };
}

/** The outermost intrinsic functions in a value. */
function* referencesIn(value: Json): Generator<JsonObject> {
  if (isReference(value)) yield objectIn(value);
  else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value) as Json[]) yield* referencesIn(inner);
}

function isReference(value: Json): boolean {
  const [key, ...more] = Object.keys(objectIn(value));
  return key !== undefined && more.length === 0 && (key === 'Ref' || key.startsWith('Fn::'));
}

interface Place {
  readonly endpoints: Endpoints;
  readonly assetBucket: string;
}

/** By way of S3, as the CDK does it: a template may be larger than the limit of the call. */
async function createStack(
  client: CloudFormationClient,
  name: string,
  template: Template,
  { endpoints, assetBucket }: Place,
): Promise<void> {
  const s3 = new S3Client(settingsClient(endpoints));
  const Key = `${name}.template.json`;
  await s3.send(new PutObjectCommand({ Bucket: assetBucket, Key, Body: JSON.stringify(template) }));
  s3.destroy();
  const TemplateURL = `https://${assetBucket}.s3.${endpoints.region}.amazonaws.com/${Key}`;
  await client.send(new CreateStackCommand({ StackName: name, TemplateURL, Capabilities: ['CAPABILITY_NAMED_IAM'] }));
}

async function outputsOf(client: CloudFormationClient, StackName: string): Promise<Record<string, string>> {
  const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName }));
  if (stack?.StackStatus !== 'CREATE_COMPLETE')
    throw new Error(`the stack ${StackName} is ${stack?.StackStatus}: ${stack?.StackStatusReason}`);
  return Object.fromEntries((stack.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
}

async function resourcesOf(client: CloudFormationClient, { stackName, template }: Assembly): Promise<DeployedResource[]> {
  const found: DeployedResource[] = [];
  // moto lists what it made nothing of as a resource without names
  for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName: stackName }))
    for (const {
      LogicalResourceId: logicalId = '',
      ResourceType: type = '',
      PhysicalResourceId: physicalId = '',
    } of StackResourceSummaries)
      if (template.Resources[logicalId]?.Type === type && physicalId !== '') found.push({ logicalId, type, physicalId });
  return found;
}

async function createMissing(
  { template, stackName }: Assembly,
  created: readonly DeployedResource[],
  outputs: Readonly<Record<string, string>>,
  endpoints: Endpoints,
): Promise<Pick<DeployReport, 'createdDirectly' | 'notCreated'>> {
  const there = new Set(created.map(({ logicalId }) => logicalId));
  const resolve = resolver(withCarriers(template), outputs);
  const createdDirectly: DeployedResource[] = [];
  const notCreated: { logicalId: string; type: string; why: string }[] = [];
  for (const [logicalId, { Type: type, Properties = {} }] of Object.entries(template.Resources)) {
    if (there.has(logicalId)) continue;
    const properties = objectIn(resolve(Properties));
    const physicalId = await createDirectly(type, { logicalId, stackName, properties }, endpoints);
    if (physicalId === undefined) notCreated.push({ logicalId, type, why: reasonFor(type) });
    else createdDirectly.push({ logicalId, type, physicalId });
  }
  for (const { logicalId, physicalId } of created.filter(({ type }) => type === 'AWS::S3::Bucket'))
    await applyBucketSettings(physicalId, template.Resources[logicalId]?.Properties ?? {}, endpoints);
  return { createdDirectly, notCreated };
}

/** Puts what moto made of each reference in its place. */
function resolver({ Outputs = {} }: Template, outputs: Readonly<Record<string, string>>): (value: Json) => Json {
  const carried = Object.entries(Outputs).filter(([key]) => CARRIER.test(key));
  const values = new Map(carried.map(([key, { Value }]) => [JSON.stringify(Value), outputs[key]]));
  const resolve = (value: Json): Json => {
    if (isReference(value)) return values.get(JSON.stringify(value)) ?? value;
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner)]));
  };
  return resolve;
}

/** Physical ids of all created resources of a type. */
export const idsOf = ({ report }: Deployment, type: string): string[] =>
  report.created.filter((resource) => resource.type === type).map(({ physicalId }) => physicalId);
