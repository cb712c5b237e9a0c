import { Duration } from 'aws-cdk-lib';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import {
  type ContainerDefinition,
  ContainerImage,
  CpuArchitecture,
  FargateTaskDefinition,
  type ICluster,
  LinuxParameters,
  LogDrivers,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcards, VAULT_OBJECTS } from './acknowledge.ts';
import { EFS_VOLUME, efsVolume, type MountedVolume, mountPath, mountRight } from './efs-volume.ts';
import { pascalCase } from './pascal-case.ts';

/** The longest that Fargate grants: SIGTERM must leave time to undo what was begun and to write down why. */
const STOP_TIMEOUT = Duration.seconds(120);

/** A task definition and its one container. */
export interface HouseTask {
  /** What a job asks for: `plain`, or the name of a volume. */
  readonly name: string;
  readonly definition: FargateTaskDefinition;
  readonly container: ContainerDefinition;
}

/** Tasks that run the same program, with different volumes. */
export interface TaskSet {
  readonly cluster: ICluster;
  readonly tasks: readonly HouseTask[];
}

export interface HouseTaskProps {
  readonly name: string;
  /** Name of the container, which also names its logs. */
  readonly container: string;
  /** Folder of the image: Dockerfile and bundled programs. */
  readonly imageFolder: string;
  /** Target of the Dockerfile. */
  readonly target: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly cpuUnits: number;
  readonly memoryMiB: number;
  /** @default - 20 GiB, which Fargate gives to every task */
  readonly storageGiB?: number;
  readonly logGroup: ILogGroup;
  readonly volume?: MountedVolume | undefined;
  /** All that its role may do, beside mounting the volume. */
  readonly may: readonly PolicyStatement[];
}

/** A Fargate task of ours: not root, a read-only root file system with a scratch volume, an init process, and exactly the rights it is given. */
export function houseTask(scope: Construct, props: HouseTaskProps): HouseTask {
  const { name, volume, storageGiB } = props;
  const id = pascalCase(name);
  const definition = new FargateTaskDefinition(scope, `${id}Definition`, {
    cpu: props.cpuUnits,
    memoryLimitMiB: props.memoryMiB,
    ...(storageGiB !== undefined && { ephemeralStorageGiB: storageGiB }),
    runtimePlatform: { cpuArchitecture: CpuArchitecture.ARM64, operatingSystemFamily: OperatingSystemFamily.LINUX },
    volumes: [{ name: 'tmp' }, ...(volume ? [efsVolume(volume)] : [])],
  });
  const container = definition.addContainer(props.container, {
    image: ContainerImage.fromAsset(props.imageFolder, { target: props.target, platform: Platform.LINUX_ARM64 }),
    command: [...props.command],
    environment: {
      POWERTOOLS_SERVICE_NAME: 'nightproof',
      ...props.environment,
      ...(volume && { VOLUME_FOLDER: mountPath(volume) }),
    },
    logging: LogDrivers.awsLogs({ streamPrefix: name, logGroup: props.logGroup }),
    stopTimeout: STOP_TIMEOUT,
    readonlyRootFilesystem: true,
    user: 'node',
    // node as process 1 would not get the default action of signals, and nobody would reap children
    linuxParameters: new LinuxParameters(scope, `${id}Init`, { initProcessEnabled: true }),
  });
  container.addMountPoints({ sourceVolume: 'tmp', containerPath: '/tmp', readOnly: false });
  if (volume)
    container.addMountPoints({
      sourceVolume: EFS_VOLUME,
      containerPath: mountPath(volume),
      readOnly: volume.access === 'read',
    });

  for (const statement of [...props.may, ...(volume ? [mountRight(scope, volume)] : [])])
    definition.addToTaskRolePolicy(statement);
  acknowledgeTask(definition);
  return { name, definition, container };
}

function acknowledgeTask(definition: FargateTaskDefinition): void {
  acknowledge(
    definition,
    'AwsSolutions-ECS2',
    'The variables are the names of the bucket, the service and a mount; secrets are read at run time with the task role',
  );
  acknowledgeWildcards(definition, [
    VAULT_OBJECTS,
    { pattern: /^Resource::\*$/, reason: 'ecr:GetAuthorizationToken of the execution role knows no resources' },
    { pattern: /:secret:.*-\?{6}$/, reason: 'A secret given by name carries six random characters in its ARN' },
    {
      pattern: /:rds-db:.*:dbuser:\*\//,
      reason: 'IAM users of a database are addressed by a resource id that the configuration does not hold',
    },
  ]);
}
