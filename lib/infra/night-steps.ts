import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Config } from '../domain/config/config.ts';
import type { Alerts } from './alerts.ts';
import type { BackupVault } from './backup-vault.ts';
import { NightFunction } from './night-function.ts';
import { reportRights, reportVariables } from './report-rights.ts';

/** Reading back at the 70 MB/s that a function gets from S3 at worst, this covers dumps of some 60 GB. */
const VERIFY_TIMEOUT = Duration.minutes(15);

export interface NightStepsProps {
  readonly config: Config;
  readonly vault: BackupVault;
  readonly key: IKey;
  readonly alerts: Alerts;
  readonly imageFolder: string;
}

/** The functions of the night, each with the rights of its step and no others. */
export class NightSteps extends Construct {
  readonly plan: NightFunction;
  readonly expand: NightFunction;
  readonly verify: NightFunction;
  readonly manifest: NightFunction;
  readonly promote: NightFunction;
  readonly outcome: NightFunction;
  readonly retain: NightFunction;
  readonly sweep: NightFunction;
  readonly report: NightFunction;

  constructor(scope: Construct, id: string, { config, vault, key, alerts, imageFolder }: NightStepsProps) {
    super(scope, id);
    const environment = { VAULT_BUCKET: vault.bucket.bucketName };
    const archives = config.sources.some(({ kind }) => kind === 'datedFolders') ? ['archive/'] : [];

    this.plan = new NightFunction(this, 'Plan', {
      description: 'Checks the input, claims the slot, writes the job list',
      environment,
      may: [...vault.read('runs/', 'daily/', ...archives), ...vault.deposit('runs/')],
      files: { 'config.json': JSON.stringify(config, null, 2) },
      memoryMiB: 512,
    });
    this.expand = new NightFunction(this, 'Expand', {
      description: 'Puts together what groups of sources turned out to hold, and writes the job list',
      environment,
      may: [...vault.read('runs/', 'daily/', ...archives), ...vault.deposit('runs/')],
      memoryMiB: 512,
    });
    this.verify = new NightFunction(this, 'Verify', {
      description: 'Reads a stored backup again, byte by byte, and compares it with the receipt; writes nothing',
      environment,
      may: vault.read('daily/', 'runs/', ...archives),
      image: { folder: imageFolder, target: 'verify', command: ['verify.mjs'] },
      timeout: VERIFY_TIMEOUT,
      memoryMiB: 1769, // the first size with a whole vCPU, which SHA-256 fills
    });
    this.manifest = new NightFunction(this, 'Manifest', {
      description: 'Writes the commit record of a verified backup',
      environment,
      may: [...vault.read('runs/', 'daily/', ...archives), ...vault.deposit('daily/', ...archives)],
      memoryMiB: 512,
    });
    this.promote = new NightFunction(this, 'Promote', {
      description: 'Copies a verified daily to the tiers that have none for its period yet',
      environment,
      may: [
        ...vault.read('runs/', 'daily/', 'weekly/', 'monthly/', 'yearly/'),
        ...vault.deposit('weekly/', 'monthly/', 'yearly/'),
      ],
      timeout: Duration.minutes(15),
      memoryMiB: 512,
    });
    this.outcome = new NightFunction(this, 'Outcome', {
      description: 'Writes down what became of a source, or orders another try',
      environment,
      may: [...vault.read('runs/', 'daily/', ...archives), ...vault.deposit('runs/')],
      memoryMiB: 512,
    });
    this.retain = new NightFunction(this, 'Retain', {
      description: 'Decides what to keep, with a reason for each backup, and hides the rest',
      environment,
      may: [
        // archive/ too: a set is complete only when its dated folders are archived
        ...vault.read('runs/', 'daily/', 'weekly/', 'monthly/', 'yearly/', 'archive/'),
        ...vault.deposit('runs/'),
        // archive/ is not among these: what lies there is never removed
        ...vault.hide('daily/', 'weekly/', 'monthly/', 'yearly/'),
      ],
      timeout: Duration.minutes(15),
      memoryMiB: 1024,
    });
    this.sweep = new NightFunction(this, 'Sweep', {
      description: 'Aborts uploads and hides objects that a run left behind and that are no backup',
      environment,
      may: [
        ...vault.read('runs/', 'daily/', 'weekly/', 'monthly/', 'yearly/', 'archive/'),
        ...vault.deposit('runs/'),
        ...vault.abort('daily/', 'weekly/', 'monthly/', 'yearly/', 'archive/'),
        // what has a manifest is never among them; a name in the archive that a dead try took must be free for the next one
        ...vault.hide('daily/', 'weekly/', 'monthly/', 'yearly/', 'archive/'),
      ],
      timeout: Duration.minutes(15),
      memoryMiB: 1024,
    });
    this.report = new NightFunction(this, 'Report', {
      description: 'Writes the run record, sends the report, publishes the metrics',
      environment: { ...environment, ...reportVariables({ alerts }) },
      may: [
        ...vault.read('runs/', ...(config.offsite ? ['daily/', 'weekly/', 'monthly/', 'yearly/', ...archives] : [])),
        ...vault.deposit('runs/'),
        ...reportRights({ key, alerts }),
      ],
      timeout: Duration.minutes(5),
      memoryMiB: 1024,
    });
  }
}
