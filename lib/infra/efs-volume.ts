import { Stack } from 'aws-cdk-lib';
import type { Volume as TaskVolume } from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Config } from '../domain/config/config.ts';

/** A configured volume, and what a task may do in it. */
export interface MountedVolume {
  readonly name: string;
  readonly settings: Config['volumes'][string];
  readonly access: 'read' | 'write';
}

/** Name of the EFS volume inside a task definition. */
export const EFS_VOLUME = 'files';

/** Where a volume is mounted in the container. */
export const mountPath = ({ name }: MountedVolume): string => `/mnt/${name}`;

export const efsVolume = ({ settings: { fileSystemId, accessPointId } }: MountedVolume): TaskVolume => ({
  name: EFS_VOLUME,
  efsVolumeConfiguration: {
    fileSystemId,
    transitEncryption: 'ENABLED',
    authorizationConfig: { accessPointId, iam: 'ENABLED' },
  },
});

/** An access point fixes the user and the folder; the right to write is given only where it is asked for. */
export function mountRight(
  scope: Construct,
  { settings: { fileSystemId, accessPointId }, access }: MountedVolume,
): PolicyStatement {
  const arn = (resource: string, resourceName: string): string =>
    Stack.of(scope).formatArn({ service: 'elasticfilesystem', resource, resourceName });
  return new PolicyStatement({
    actions: ['elasticfilesystem:ClientMount', ...(access === 'write' ? ['elasticfilesystem:ClientWrite'] : [])],
    resources: [arn('file-system', fileSystemId)],
    conditions: { StringEquals: { 'elasticfilesystem:AccessPointArn': arn('access-point', accessPointId) } },
  });
}
