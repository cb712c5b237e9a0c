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
} from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { DatabaseSource } from '../domain/config.ts';
import { acknowledge, acknowledgeWildcards, VAULT_OBJECTS } from './acknowledge.ts';
import type { BackupVault } from './backup-vault.ts';
import { houseLogGroup } from './house-log-group.ts';

/** One vCPU feeds one pg_dump and its decode; Node peaks below 300 MB (see `npm run bench`), pg_dump of a wide schema takes the rest. */
const CPU_UNITS = 1024;
const MEMORY_MIB = 2048;

/** The longest that Fargate grants: SIGTERM must leave time to abort the upload and write down why. */
const STOP_TIMEOUT = Duration.seconds(120);

export interface DumpTaskProps {
  readonly vpc: IVpc;
  readonly vault: BackupVault;
  readonly sources: readonly DatabaseSource[];
  /** Folder of the image: Dockerfile and bundled programs. */
  readonly imageFolder: string;
}

/** The Fargate task that dumps one source into the vault. */
export class DumpTask extends Construct {
  readonly cluster: Cluster;
  readonly definition: FargateTaskDefinition;
  readonly container: ContainerDefinition;

  constructor(scope: Construct, id: string, props: DumpTaskProps) {
    super(scope, id);
    this.cluster = new Cluster(this, 'Cluster', { vpc: props.vpc, containerInsightsV2: ContainerInsights.ENABLED });
    this.definition = new FargateTaskDefinition(this, 'Definition', {
      cpu: CPU_UNITS,
      memoryLimitMiB: MEMORY_MIB,
      runtimePlatform: { cpuArchitecture: CpuArchitecture.ARM64, operatingSystemFamily: OperatingSystemFamily.LINUX },
      volumes: [{ name: 'tmp' }],
    });
    this.container = this.definition.addContainer('dump', {
      image: ContainerImage.fromAsset(props.imageFolder, { target: 'task', platform: Platform.LINUX_ARM64 }),
      command: ['node', 'dump.mjs'],
      environment: { VAULT_BUCKET: props.vault.bucket.bucketName, POWERTOOLS_SERVICE_NAME: 'nightproof' },
      logging: LogDrivers.awsLogs({ streamPrefix: 'dump', logGroup: houseLogGroup(this, 'Logs') }),
      stopTimeout: STOP_TIMEOUT,
      readonlyRootFilesystem: true,
      user: 'node',
      // node as process 1 would not get the default action of signals, and nobody would reap children
      linuxParameters: new LinuxParameters(this, 'Init', { initProcessEnabled: true }),
    });
    this.container.addMountPoints({ sourceVolume: 'tmp', containerPath: '/tmp', readOnly: false });
    for (const statement of this.rights(props)) this.definition.addToTaskRolePolicy(statement);
    acknowledge(
      this.definition,
      'AwsSolutions-ECS2',
      'The variables are the name of the bucket and of the service; secrets are read at run time with the task role',
    );
    acknowledgeWildcards(this.definition, [
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
   * It deposits dumps and the records of its tries, and reads what it deposited in order to adopt it after a crash.
   * It can delete nothing and list no version.
   */
  private rights({ vault, sources }: DumpTaskProps): PolicyStatement[] {
    const connections = sources.map((source) => source.connection);
    const iamUsers = connections.flatMap(({ auth, user }) => (auth === 'iam' && user ? [user] : []));
    const secrets = [...new Set(connections.flatMap(({ secret }) => secret ?? []))];
    return [
      ...vault.read('daily/', 'runs/'),
      ...vault.deposit('daily/', 'runs/'),
      ...(secrets.length > 0
        ? [
            new PolicyStatement({
              actions: ['secretsmanager:GetSecretValue'],
              resources: secrets.map((secret) => this.secretArn(secret)),
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
  private secretArn(secret: string): string {
    return secret.startsWith('arn:') ? secret : `${Secret.fromSecretNameV2(this, `Secret-${secret}`, secret).secretArn}-??????`;
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
