import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { Cluster, ContainerInsights } from 'aws-cdk-lib/aws-ecs';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Config } from '../domain/config/config.ts';
import { PLAIN_TASK } from '../domain/run/plan.ts';
import { type ConfiguredSource, connectionOf, volumeOf } from '../domain/source/source.ts';
import type { BackupVault } from './backup-vault.ts';
import { houseLogGroup } from './house-log-group.ts';
import { type HouseTask, houseTask, type TaskSet } from './house-task.ts';
import { pascalCase } from './pascal-case.ts';
import { connectionRights } from './secret-rights.ts';

/** One vCPU feeds one pg_dump and its decode; Node peaks below 300 MB (see `npm run bench`), pg_dump of a wide schema takes the rest. */
const CPU_UNITS = 1024;
const MEMORY_MIB = 2048;

export interface BackupTasksProps {
  readonly vpc: IVpc;
  readonly vault: BackupVault;
  readonly sources: readonly ConfiguredSource[];
  readonly volumes: Config['volumes'];
  /** Folder of the image: Dockerfile and bundled programs. */
  readonly imageFolder: string;
}

/**
 * The Fargate tasks: one program, a task definition for each volume that it may need, and one without any. Apart, because a task
 * whose volume cannot be mounted does not start, and a broken file system must not cost the databases their night.
 */
export class BackupTasks extends Construct implements TaskSet {
  readonly cluster: Cluster;
  readonly tasks: readonly HouseTask[];
  readonly #props: BackupTasksProps;

  constructor(scope: Construct, id: string, props: BackupTasksProps) {
    super(scope, id);
    this.#props = props;
    this.cluster = new Cluster(this, 'Cluster', { vpc: props.vpc, containerInsightsV2: ContainerInsights.ENABLED });
    const logGroup = houseLogGroup(this, 'Logs');
    const used = new Set(props.sources.flatMap((source) => volumeOf(source) ?? []));
    this.tasks = [PLAIN_TASK, ...used].map((name) => this.task(name, logGroup));
  }

  private task(name: string, logGroup: LogGroup): HouseTask {
    const { vault, sources, volumes, imageFolder } = this.#props;
    const settings = volumes[name];
    const own = sources.filter((source) => (volumeOf(source) ?? PLAIN_TASK) === name);
    return houseTask(this, {
      name,
      container: 'backup',
      imageFolder,
      target: 'task',
      command: ['node', 'dump.mjs'],
      environment: { VAULT_BUCKET: vault.bucket.bucketName },
      cpuUnits: CPU_UNITS,
      memoryMiB: MEMORY_MIB,
      logGroup,
      volume: settings && { name, settings, access: 'read' },
      may: this.rights(pascalCase(name), own),
    });
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
    return [...vault.read(...prefixes), ...vault.deposit(...prefixes), ...connectionRights(this, id, connections)];
  }
}
