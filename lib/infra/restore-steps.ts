import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { RESTORES_PREFIX } from '../domain/backup/operation-keys.ts';
import { TIERS } from '../domain/backup/tiers.ts';
import type { Config } from '../domain/config/config.ts';
import { STOPPING_SECONDS } from '../domain/limits.ts';
import type { BackupVault } from './backup-vault.ts';
import { NightFunction } from './night-function.ts';
import { type ReportPlace, reportRights, reportVariables } from './report-rights.ts';

export interface RestoreStepsProps extends ReportPlace {
  readonly config: Config;
  readonly vault: BackupVault;
}

/** The functions around a restore, each with the rights of its step and no others. */
export class RestoreSteps extends Construct {
  readonly plan: NightFunction;
  readonly services: NightFunction;
  /** The same code as `services`, for executions that ended badly: it has the time to wait for one that still stops. */
  readonly startServices: NightFunction;
  readonly settle: NightFunction;
  readonly end: NightFunction;

  constructor(scope: Construct, id: string, { config, vault, ...report }: RestoreStepsProps) {
    super(scope, id);
    const environment = { VAULT_BUCKET: vault.bucket.bucketName };
    const records = [...vault.read(RESTORES_PREFIX), ...vault.deposit(RESTORES_PREFIX)];
    const ofTargets = serviceArns(this, config);

    this.plan = new NightFunction(this, 'PlanRestore', {
      description: 'Checks what is asked for, finds the backups, writes down what is to be restored',
      environment,
      may: [...vault.read(...TIERS.map((tier) => `${tier}/`), 'runs/', RESTORES_PREFIX), ...vault.deposit(RESTORES_PREFIX)],
      files: { 'config.json': JSON.stringify(config, null, 2) },
      memoryMiB: 1024,
    });
    this.services = new NightFunction(this, 'Services', {
      description: 'Stops the services of a target, looks whether they are gone, and starts them again',
      environment,
      may: [...records, ...serviceRights(['ecs:DescribeServices', 'ecs:UpdateService'], ofTargets)],
      timeout: Duration.seconds(STOPPING_SECONDS),
    });
    this.startServices = new NightFunction(this, 'StartServices', {
      description: 'Starts services again whose restore was aborted, timed out or failed',
      folder: 'services',
      environment,
      may: [...vault.read(RESTORES_PREFIX), ...serviceRights(['ecs:DescribeServices', 'ecs:UpdateService'], ofTargets)],
      timeout: Duration.seconds(3 * STOPPING_SECONDS),
    });
    this.settle = new NightFunction(this, 'SettleRestore', {
      description: 'Writes down why an item was not restored, and says whether all were',
      environment,
      may: records,
    });
    this.end = new NightFunction(this, 'EndRestore', {
      description: 'Writes the record of a restore, sends the report, publishes the figures',
      environment: { ...environment, ...reportVariables(report) },
      may: [...records, ...serviceRights(['ecs:DescribeServices'], ofTargets), ...reportRights(report)],
      timeout: Duration.minutes(3),
    });
  }
}

/** The services that any target names. */
const serviceArns = (scope: Construct, { restore }: Config): readonly string[] => {
  const services = Object.values(restore.targets).flatMap((target) => target.services);
  const names = new Set(services.map(({ cluster, service }) => `${cluster}/${service}`));
  return [...names].map((resourceName) => Stack.of(scope).formatArn({ service: 'ecs', resource: 'service', resourceName }));
};

const serviceRights = (actions: readonly string[], resources: readonly string[]): PolicyStatement[] =>
  resources.length > 0 ? [new PolicyStatement({ actions: [...actions], resources: [...resources] })] : [];
