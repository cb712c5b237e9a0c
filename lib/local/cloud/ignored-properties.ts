import type { Template } from './assembly.ts';
import type { DeployedResource, DeployReport } from './deploy-report.ts';

/**
 * Properties that moto 5.2 drops without a word when its CloudFormation creates the resource. Read in its sources. Versions and
 * locks of buckets are not among them: versitygw, which holds the objects, is told of both.
 */
const DROPPED: Readonly<Record<string, readonly string[]>> = {
  'AWS::EC2::SecurityGroup': ['SecurityGroupEgress'],
  'AWS::ECS::Cluster': ['CapacityProviders', 'ClusterSettings', 'Configuration', 'DefaultCapacityProviderStrategy'],
  'AWS::ECS::TaskDefinition': [
    'Cpu',
    'EphemeralStorage',
    'ExecutionRoleArn',
    'NetworkMode',
    'RequiresCompatibilities',
    'RuntimePlatform',
    'TaskRoleArn',
  ],
  'AWS::Lambda::Function': [
    'Architectures',
    'DeadLetterConfig',
    'EphemeralStorage',
    'ImageConfig',
    'LoggingConfig',
    'TracingConfig',
  ],
  'AWS::S3::Bucket': [
    'LifecycleConfiguration',
    'LoggingConfiguration',
    'NotificationConfiguration',
    'OwnershipControls',
    'ReplicationConfiguration',
  ],
  'AWS::StepFunctions::StateMachine': ['LoggingConfiguration', 'TracingConfiguration'],
};

/** Which properties of the created resources are in the template and not in the local cloud. */
export function ignoredProperties({ Resources }: Template, created: readonly DeployedResource[]): DeployReport['ignored'] {
  return created.flatMap(({ logicalId, type }) => {
    const dropped = new Set(DROPPED[type]);
    const properties = Object.keys(Resources[logicalId]?.Properties ?? {}).filter((name) => dropped.has(name));
    return properties.length > 0 ? [{ logicalId, type, properties }] : [];
  });
}
