import { Annotations, CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { ICluster } from 'aws-cdk-lib/aws-ecs';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Config } from '../domain/config/config.ts';
import { NIGHTLY } from '../domain/run/plan-name.ts';
import { isGroup } from '../domain/source/source.ts';
import { Alerts } from './alerts.ts';
import { BackupTasks } from './backup-tasks.ts';
import { BackupVault } from './backup-vault.ts';
import { DrillRun } from './drill-run.ts';
import { DrillSteps } from './drill-steps.ts';
import { DrillTask } from './drill-task.ts';
import { NightSteps } from './night-steps.ts';
import { NightlyRun } from './nightly-run.ts';
import { OffsiteAlarms } from './offsite-alarms.ts';
import { PatrolRun } from './patrol-run.ts';
import { PlanSchedules } from './plan-schedules.ts';
import { ProofAlarms } from './proof-alarms.ts';
import { ProbeTask } from './restore-probe.ts';
import { RestoreRun } from './restore-run.ts';
import { RestoreSteps } from './restore-steps.ts';
import { RestoreTasks } from './restore-tasks.ts';
import { startSchedule } from './start-schedule.ts';
import { taskImage } from './task-image.ts';
import { TaskNetwork } from './task-network.ts';

export interface NightproofStackProps extends StackProps {
  readonly config: Config;
}

/** What the parts of the stack share. */
interface StackParts {
  readonly config: Config;
  readonly vault: BackupVault;
  readonly key: Key;
  readonly alerts: Alerts;
  readonly network: TaskNetwork;
  readonly cluster: ICluster;
  readonly imageFolder: string;
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
    const { objectLock, offsite } = config;
    const vault = new BackupVault(this, 'Vault', { key, objectLock, offsite, existing: config.vault });
    const alerts = new Alerts(this, 'Alerts', { key, email: config.notify.email });
    const network = new TaskNetwork(this, 'Network', config.network);
    const imageFolder = taskImage(this);
    const { sources, volumes } = config;
    if (config.network.mode !== 'existing' && Object.keys(volumes).length > 0)
      Annotations.of(this).addWarningV2(
        'nightproof:volumesInAnotherNetwork',
        `The tasks run in a VPC of their own (network.mode: ${config.network.mode}), and a file system can be mounted only where it has mount targets: ${Object.keys(volumes).join(', ')} will not be. Set network.mode to "existing", and name the VPC of the volumes.`,
      );
    const tasks = new BackupTasks(this, 'Tasks', { vpc: network.vpc, vault, sources, volumes, imageFolder });
    const steps = new NightSteps(this, 'Steps', { config, vault, key, alerts, imageFolder });
    const { stateMachine } = new NightlyRun(this, 'NightlyRun', {
      steps,
      tasks,
      network,
      vault,
      maxConcurrency: config.maxConcurrency,
      dumpDeadline: Duration.seconds(Math.max(...sources.map((source) => source.limits.deadlineSeconds))),
      hasGroups: sources.some(isGroup),
    });
    const { deadLetters } = new PlanSchedules(this, 'PlanSchedules', {
      plans: { [NIGHTLY]: config.schedule, ...config.schedules },
      stateMachine,
    });
    alerts.watch(
      'EndedBadly',
      stateMachine,
      'If no report followed, the night did not finish: look at the execution in Step Functions, then run "nightproof run --slot SLOT".',
    );
    alerts.watchDeadLetters(deadLetters);
    const parts = { config, vault, key, alerts, network, cluster: tasks.cluster, imageFolder };
    const restoreSteps = this.restores(parts);
    const drillSteps = this.drills(parts, deadLetters);
    this.patrols(parts, deadLetters);
    new ProofAlarms(this, 'ProofAlarms', {
      topic: alerts.topic,
      lastSteps: [restoreSteps.startServices, restoreSteps.end, drillSteps.end],
    });
    if (config.offsite)
      new OffsiteAlarms(this, 'OffsiteAlarms', { vault: vault.bucket, offsite: config.offsite, topic: alerts.topic });

    this.output('VaultBucket', vault.bucket.bucketName, 'The bucket that backups land in');
    this.output('StateMachineArn', stateMachine.stateMachineArn, 'Start it to back up now');
    this.output('TopicArn', alerts.topic.topicArn, 'Subscribe to it to get reports and alerts');
  }

  private restores({ config, vault, key, alerts, network, cluster, imageFolder }: StackParts): RestoreSteps {
    const { targets } = config.restore;
    const steps = new RestoreSteps(this, 'RestoreSteps', { config, vault, key, alerts });
    const hasProbe = Object.values(targets).some(({ after }) => after.probe);
    const { stateMachine } = new RestoreRun(this, 'RestoreRun', {
      targets,
      steps,
      tasks: new RestoreTasks(this, 'RestoreTasks', { cluster, vault, config, imageFolder }),
      probe: hasProbe ? new ProbeTask(this, 'ProbeTask', { cluster, imageFolder }) : undefined,
      network,
      vault,
    });
    this.output('RestoreStateMachineArn', stateMachine.stateMachineArn, 'Start it to restore; nightproof restore does');
    return steps;
  }

  private drills({ config, vault, key, alerts, network, cluster, imageFolder }: StackParts, deadLetters: Queue): DrillSteps {
    const { storageGiB, schedule: timing } = config.drill;
    const steps = new DrillSteps(this, 'DrillSteps', { config, vault, key, alerts });
    const { subnets, assignPublicIp } = network;
    const { stateMachine } = new DrillRun(this, 'DrillRun', {
      steps,
      task: new DrillTask(this, 'DrillTask', { cluster, storageGiB, imageFolder }),
      network: { subnets, assignPublicIp, securityGroups: [network.tlsOnlyGroup()] },
      vault,
    });
    startSchedule(this, 'DrillSchedule', { description: 'Starts the drill', timing, stateMachine, deadLetters });
    this.output('DrillStateMachineArn', stateMachine.stateMachineArn, 'Start it to test restores; nightproof drill does');
    return steps;
  }

  private patrols(parts: StackParts, deadLetters: Queue): void {
    const { stateMachine } = new PatrolRun(this, 'PatrolRun', parts);
    startSchedule(this, 'PatrolSchedule', {
      description: 'Starts the patrol',
      timing: parts.config.patrol.schedule,
      stateMachine,
      deadLetters,
    });
    parts.alerts.watch(
      'PatrolEndedBadly',
      stateMachine,
      'If no report of damage came with it, look at the execution in Step Functions, then start the patrol again.',
    );
    this.output('PatrolStateMachineArn', stateMachine.stateMachineArn, 'Start it to read stored backups again');
  }

  private output(name: string, value: string, description: string): void {
    new CfnOutput(this, name, { value, description });
  }
}
