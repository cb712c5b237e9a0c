import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import {
  Cluster,
  type ContainerDefinition,
  ContainerImage,
  ContainerInsights,
  CpuArchitecture,
  FargateTaskDefinition,
  LinuxParameters,
  LogDrivers,
  OperatingSystemFamily,
  type Volume as TaskVolume,
} from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Config } from '../domain/config/config.ts';
import { PLAIN_TASK } from '../domain/run/plan.ts';
import { type ConfiguredSource, connectionOf, volumeOf } from '../domain/source/source.ts';
import { acknowledge, acknowledgeWildcards, VAULT_OBJECTS } from './acknowledge.ts';
import type { BackupVault } from './backup-vault.ts';
import { houseLogGroup } from './house-log-group.ts';
import { pascalCase } from './pascal-case.ts';

/** One vCPU feeds one pg_dump and its decode; Node peaks below 300 MB (see `npm run bench`), pg_dump of a wide schema takes the rest. */
const CPU_UNITS = 1024;
const MEMORY_MIB = 2048;

/** The longest that Fargate grants: SIGTERM must leave time to abort the upload and write down why. */
const STOP_TIMEOUT = Duration.seconds(120);

export interface BackupTasksProps {
  readonly vpc: IVpc;
  readonly vault: BackupVault;
  readonly sources: readonly ConfiguredSource[];
  readonly volumes: Config['volumes'];
  /** Folder of the image: Dockerfile and bundled programs. */
  readonly imageFolder: string;
}

/** A task definition and its one container. */
export interface BackupTask {
  /** What a job asks for: `plain`, or the name of a volume. */
  readonly name: string;
  readonly definition: FargateTaskDefinition;
  readonly container: ContainerDefinition;
}

/**
 * The Fargate tasks: one program, a task definition for each volume that it may need, and one without any. Apart, because a task
 * whose volume cannot be mounted does not start, and a broken file system must not cost the databases their night.
 */
export class BackupTasks extends Construct {
  readonly cluster: Cluster;
  readonly tasks: readonly BackupTask[];
  readonly #props: BackupTasksProps;

  constructor(scope: Construct, id: string, props: BackupTasksProps) {
    super(scope, id);
    this.#props = props;
    this.cluster = new Cluster(this, 'Cluster', { vpc: props.vpc, containerInsightsV2: ContainerInsights.ENABLED });
    const logGroup = houseLogGroup(this, 'Logs');
    const used = new Set(props.sources.flatMap((source) => volumeOf(source) ?? []));
    this.tasks = [PLAIN_TASK, ...used].map((name) => this.task(name, logGroup));
  }

  private task(name: string, logGroup: LogGroup): BackupTask {
    const { vault, sources, volumes, imageFolder } = this.#props;
    const id = pascalCase(name);
    const volume = volumes[name];
    const definition = new FargateTaskDefinition(this, `${id}Definition`, {
      cpu: CPU_UNITS,
      memoryLimitMiB: MEMORY_MIB,
      runtimePlatform: { cpuArchitecture: CpuArchitecture.ARM64, operatingSystemFamily: OperatingSystemFamily.LINUX },
      volumes: [{ name: 'tmp' }, ...(volume ? [efsVolume(volume)] : [])],
    });
    const container = definition.addContainer('backup', {
      image: ContainerImage.fromAsset(imageFolder, { target: 'task', platform: Platform.LINUX_ARM64 }),
      command: ['node', 'dump.mjs'],
      environment: {
        VAULT_BUCKET: vault.bucket.bucketName,
        POWERTOOLS_SERVICE_NAME: 'nightproof',
        ...(volume && { VOLUME_FOLDER: mountPath(name) }),
      },
      logging: LogDrivers.awsLogs({ streamPrefix: name, logGroup }),
      stopTimeout: STOP_TIMEOUT,
      readonlyRootFilesystem: true,
      user: 'node',
      // node as process 1 would not get the default action of signals, and nobody would reap children
      linuxParameters: new LinuxParameters(this, `${id}Init`, { initProcessEnabled: true }),
    });
    container.addMountPoints({ sourceVolume: 'tmp', containerPath: '/tmp', readOnly: false });
    if (volume) container.addMountPoints({ sourceVolume: EFS_VOLUME, containerPath: mountPath(name), readOnly: true });

    const own = sources.filter((source) => (volumeOf(source) ?? PLAIN_TASK) === name);
    for (const statement of this.rights(id, own)) definition.addToTaskRolePolicy(statement);
    if (volume) definition.addToTaskRolePolicy(this.mountRight(volume));
    this.acknowledge(definition);
    return { name, definition, container };
  }

  /** An access point fixes the user and the folder; the right to write is not given. */
  private mountRight({ fileSystemId, accessPointId }: Volume): PolicyStatement {
    const arn = (resource: string, resourceName: string): string =>
      Stack.of(this).formatArn({ service: 'elasticfilesystem', resource, resourceName });
    return new PolicyStatement({
      actions: ['elasticfilesystem:ClientMount'],
      resources: [arn('file-system', fileSystemId)],
      conditions: { StringEquals: { 'elasticfilesystem:AccessPointArn': arn('access-point', accessPointId) } },
    });
  }

  private acknowledge(definition: FargateTaskDefinition): void {
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

  /**
   * It deposits backups and the records of its tries, and reads what it deposited in order to adopt it after a crash.
   * It can delete nothing and list no version.
   */
  private rights(id: string, sources: readonly ConfiguredSource[]): PolicyStatement[] {
    const { vault } = this.#props;
    const archives = sources.some(({ kind }) => kind === 'datedFolders');
    const prefixes = ['daily/', 'runs/', ...(archives ? ['archive/'] : [])];
    const connections = sources.flatMap((source) => connectionOf(source) ?? []);
    const iamUsers = connections.flatMap(({ auth, user }) => (auth === 'iam' && user ? [user] : []));
    const secrets = [...new Set(connections.flatMap(({ secret }) => secret ?? []))];
    return [
      ...vault.read(...prefixes),
      ...vault.deposit(...prefixes),
      ...(secrets.length > 0
        ? [
            new PolicyStatement({
              actions: ['secretsmanager:GetSecretValue'],
              resources: secrets.map((secret) => this.secretArn(id, secret)),
            }),
          ]
        : []),
      ...(iamUsers.length > 0
        ? [
            new PolicyStatement({
              actions: ['rds-db:connect'],
              resources: [...new Set(iamUsers)].map((user) => this.databaseUserArn(user)),
            }),
          ]
        : []),
    ];
  }

  /** A secret given by name has a suffix of six characters in its ARN. */
  private secretArn(id: string, secret: string): string {
    return secret.startsWith('arn:')
      ? secret
      : `${Secret.fromSecretNameV2(this, `${id}Secret-${secret}`, secret).secretArn}-??????`;
  }

  private databaseUserArn(user: string): string {
    return Stack.of(this).formatArn({
      service: 'rds-db',
      resource: 'dbuser',
      resourceName: `*/${user}`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }
}

type Volume = Config['volumes'][string];

const EFS_VOLUME = 'files';

/** Where a volume is mounted in the container. */
const mountPath = (name: string): string => `/mnt/${name}`;

const efsVolume = ({ fileSystemId, accessPointId }: Volume): TaskVolume => ({
  name: EFS_VOLUME,
  efsVolumeConfiguration: {
    fileSystemId,
    transitEncryption: 'ENABLED',
    authorizationConfig: { accessPointId, iam: 'ENABLED' },
  },
});
