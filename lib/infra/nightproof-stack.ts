import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Config } from '../domain/config.ts';
import { Alerts } from './alerts.ts';
import { BackupVault } from './backup-vault.ts';
import { DumpTask } from './dump-task.ts';
import { NightSteps } from './night-steps.ts';
import { NightlyRun } from './nightly-run.ts';
import { NightlySchedule } from './nightly-schedule.ts';
import { taskImage } from './task-image.ts';
import { TaskNetwork } from './task-network.ts';

export interface NightproofStackProps extends StackProps {
  readonly config: Config;
}

/** All of nightproof for one configuration. */
export class NightproofStack extends Stack {
  constructor(scope: Construct, id: string, props: NightproofStackProps) {
    super(scope, id, { description: 'nightproof: nightly PostgreSQL backups, proved to restore', ...props });
    const { config } = props;

    const key = new Key(this, 'Key', {
      description: 'nightproof: backups and alerts',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN, // without it no backup can be read
    });
    const vault = new BackupVault(this, 'Vault', { key });
    const alerts = new Alerts(this, 'Alerts', { key, email: config.notify.email });
    const network = new TaskNetwork(this, 'Network', config.network);
    const imageFolder = taskImage(this);
    const task = new DumpTask(this, 'DumpTask', { vpc: network.vpc, vault, sources: config.sources, imageFolder });
    const steps = new NightSteps(this, 'Steps', { config, vault, key, alerts, imageFolder });
    const { stateMachine } = new NightlyRun(this, 'NightlyRun', {
      steps,
      task,
      network,
      vault,
      maxConcurrency: config.maxConcurrency,
      dumpDeadline: Duration.seconds(Math.max(...config.sources.map((source) => source.limits.deadlineSeconds))),
    });
    const { deadLetters } = new NightlySchedule(this, 'NightlySchedule', { schedule: config.schedule, stateMachine });
    alerts.watch(stateMachine);
    alerts.watchDeadLetters(deadLetters);

    this.output('VaultBucket', vault.bucket.bucketName, 'The bucket that backups land in');
    this.output('StateMachineArn', stateMachine.stateMachineArn, 'Start it to back up now');
    this.output('TopicArn', alerts.topic.topicArn, 'Subscribe to it to get reports and alerts');
  }

  private output(name: string, value: string, description: string): void {
    new CfnOutput(this, name, { value, description });
  }
}
