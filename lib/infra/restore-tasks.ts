import type { ICluster } from 'aws-cdk-lib/aws-ecs';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { RUNS_PREFIX } from '../domain/backup/keys.ts';
import { RESTORES_PREFIX } from '../domain/backup/operation-keys.ts';
import { TIERS } from '../domain/backup/tiers.ts';
import type { Config } from '../domain/config/config.ts';
import { PLAIN_TASK } from '../domain/run/plan.ts';
import type { BackupVault } from './backup-vault.ts';
import { houseLogGroup } from './house-log-group.ts';
import { type HouseTask, houseTask, type TaskSet } from './house-task.ts';
import { connectionRights, secretRights } from './secret-rights.ts';

/** One vCPU hashes and decodes at some 200 MB/s, which is more than one connection gets from S3; see docs/benchmark.md. */
const CPU_UNITS = 1024;
const MEMORY_MIB = 2048;

export interface RestoreTasksProps {
  readonly cluster: ICluster;
  readonly vault: BackupVault;
  readonly config: Pick<Config, 'restore' | 'volumes'>;
  readonly imageFolder: string;
}

/** The tasks that restore: one that reaches every server that is a target, and one for each volume that is, which reaches nothing else. */
export class RestoreTasks extends Construct implements TaskSet {
  readonly cluster: ICluster;
  readonly tasks: readonly HouseTask[];
  readonly #props: RestoreTasksProps;

  constructor(scope: Construct, id: string, props: RestoreTasksProps) {
    super(scope, id);
    this.#props = props;
    this.cluster = props.cluster;
    const logGroup = houseLogGroup(this, 'Logs');
    const targets = Object.values(props.config.restore.targets);
    const volumes = new Set(targets.flatMap(({ volume }) => volume ?? []));
    this.tasks = [
      this.task(PLAIN_TASK, logGroup, [
        ...connectionRights(
          this,
          'Plain',
          targets.flatMap(({ connection }) => connection ?? []),
        ),
      ]),
      ...[...volumes].map((name) => this.task(name, logGroup, [])),
    ];
  }

  private task(name: string, logGroup: ILogGroup, more: readonly PolicyStatement[]): HouseTask {
    const { vault, config, imageFolder } = this.#props;
    const settings = config.volumes[name];
    const { identity } = config.restore;
    return houseTask(this, {
      name,
      container: 'restore',
      imageFolder,
      target: 'task',
      command: ['node', 'restore.mjs'],
      environment: { VAULT_BUCKET: vault.bucket.bucketName },
      cpuUnits: CPU_UNITS,
      memoryMiB: MEMORY_MIB,
      logGroup,
      volume: settings && { name, settings, access: 'write' },
      may: [
        ...vault.read(...TIERS.map((tier) => `${tier}/`), RUNS_PREFIX, RESTORES_PREFIX),
        ...vault.deposit(RESTORES_PREFIX),
        ...vault.depositDamage(),
        ...secretRights(this, `${name}-identity`, identity === undefined ? [] : [identity]),
        ...more,
      ],
    });
  }
}
