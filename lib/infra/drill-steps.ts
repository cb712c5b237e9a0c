import { Construct } from 'constructs';
import { DRILLS_PREFIX } from '../domain/backup/operation-keys.ts';
import { TIERS } from '../domain/backup/tiers.ts';
import type { Config } from '../domain/config/config.ts';
import type { BackupVault } from './backup-vault.ts';
import { NightFunction } from './night-function.ts';
import { type ReportPlace, reportRights, reportVariables } from './report-rights.ts';

export interface DrillStepsProps extends ReportPlace {
  readonly config: Config;
  readonly vault: BackupVault;
}

/** The functions around a drill, each with the rights of its step and no others. */
export class DrillSteps extends Construct {
  readonly plan: NightFunction;
  readonly sign: NightFunction;
  readonly end: NightFunction;

  constructor(scope: Construct, id: string, { config, vault, ...report }: DrillStepsProps) {
    super(scope, id);
    const environment = { VAULT_BUCKET: vault.bucket.bucketName };
    const tiers = TIERS.map((tier) => `${tier}/`);
    this.plan = new NightFunction(this, 'PlanDrill', {
      description: 'Decides which backups are drilled',
      environment,
      may: [...vault.read(...tiers, 'runs/', DRILLS_PREFIX), ...vault.deposit(DRILLS_PREFIX)],
      files: { 'config.json': JSON.stringify(config, null, 2) },
      memoryMiB: 1024,
    });
    this.sign = new NightFunction(this, 'SignDrill', {
      // an address can do what its signer may do, and so this function may do no more than the task has to
      description: 'Signs the three addresses that the task of one drill may use',
      environment,
      may: [...vault.read(...tiers, DRILLS_PREFIX), ...vault.deposit(DRILLS_PREFIX)],
    });
    this.end = new NightFunction(this, 'EndDrill', {
      description: 'Gathers the evidence of a drill run, writes its record, tells people',
      environment: { ...environment, ...reportVariables(report) },
      may: [...vault.read(DRILLS_PREFIX), ...vault.deposit(DRILLS_PREFIX), ...vault.depositDamage(), ...reportRights(report)],
    });
  }
}
