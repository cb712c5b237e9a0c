import type { ICluster } from 'aws-cdk-lib/aws-ecs';
import { Construct } from 'constructs';
import type { Config } from '../domain/config/config.ts';
import { PLAIN_TASK } from '../domain/run/plan.ts';
import { houseLogGroup } from './house-log-group.ts';
import { type HouseTask, houseTask, type TaskSet } from './house-task.ts';

/** A server that loads and a pg_dump that reads it again keep two processors busy; PostgreSQL with its defaults and Node need 2 GB. */
const CPU_UNITS = 2048;
const MEMORY_MIB = 4096;

const GIB = 1024 ** 3;

/** What Fargate keeps of the storage for the image and itself. */
const RESERVED_GIB = 3;

export interface DrillTaskProps {
  readonly cluster: ICluster;
  readonly storageGiB: Config['drill']['storageGiB'];
  readonly imageFolder: string;
}

/**
 * Restores a backup into a scratch server of its own. What is restored may run code of whoever could write in its source, so the role has
 * no right at all: the task reaches its backup by signed addresses and nothing else.
 */
export class DrillTask extends Construct implements TaskSet {
  readonly cluster: ICluster;
  readonly tasks: readonly HouseTask[];

  constructor(scope: Construct, id: string, { cluster, storageGiB, imageFolder }: DrillTaskProps) {
    super(scope, id);
    this.cluster = cluster;
    this.tasks = [
      houseTask(this, {
        name: PLAIN_TASK,
        container: 'drill',
        imageFolder,
        target: 'drill',
        command: ['node', 'drill.mjs'],
        environment: { STORAGE_BYTES: String((storageGiB - RESERVED_GIB) * GIB) },
        cpuUnits: CPU_UNITS,
        memoryMiB: MEMORY_MIB,
        storageGiB,
        logGroup: houseLogGroup(this, 'Logs'),
        may: [],
      }),
    ];
  }
}
