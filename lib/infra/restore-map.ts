import { Duration } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { invokeStep } from './invoke-step.ts';
import type { RestoreSteps } from './restore-steps.ts';
import type { RestoreTasks } from './restore-tasks.ts';
import type { TaskNetwork } from './task-network.ts';
import { taskStates } from './task-states.ts';

/** One item. `pg_restore` in one transaction is not resumed: what takes longer is better restored by hand, in parallel. */
const ITEM_TIMEOUT = Duration.hours(20);

export interface RestoreMapProps {
  readonly steps: RestoreSteps;
  readonly tasks: RestoreTasks;
  readonly network: TaskNetwork;
  /** Where the list of items lies. */
  readonly bucket: IBucket;
}

/**
 * Restores one item after the other, in the order of the plan: roles before what they own. An item that fails is on record and stops no other,
 * since one broken database of twenty must not keep nineteen from coming back.
 */
export function restoreMap(scope: Construct, { steps, tasks, network, bucket }: RestoreMapProps): sfn.DistributedMap {
  const map = new sfn.DistributedMap(scope, 'Items', {
    label: 'Items',
    mapExecutionType: sfn.StateMachineType.STANDARD,
    maxConcurrency: 1,
    toleratedFailurePercentage: 100,
    itemReader: new sfn.S3JsonItemReader({ bucket, key: sfn.JsonPath.stringAt('$.plan.itemsKey') }),
    itemSelector: {
      n: sfn.JsonPath.numberAt('$$.Map.Item.Value.n'),
      task: sfn.JsonPath.stringAt('$$.Map.Item.Value.task'),
      name: sfn.JsonPath.stringAt('$.plan.name'),
    },
    resultPath: sfn.JsonPath.DISCARD,
  });
  map.itemProcessor(item(scope, { steps, tasks, network }));
  return map;
}

function item(scope: Construct, { steps, tasks, network }: Omit<RestoreMapProps, 'bucket'>): sfn.IChainable {
  const restore = taskStates(scope, {
    verb: 'Restore',
    tasks,
    network,
    command: ['node', 'restore.mjs'],
    variables: {
      RESTORE_NAME: sfn.JsonPath.stringAt('$.name'),
      ITEM: sfn.JsonPath.format('{}', sfn.JsonPath.stringAt('$.n')),
    },
    timeout: ITEM_TIMEOUT,
  });
  const done = new sfn.Pass(scope, 'ItemDone', { result: sfn.Result.fromObject({}) });
  const failed = invokeStep(scope, 'SettleItem', {
    step: steps.settle,
    payload: { 'name.$': '$.name', 'n.$': '$.n', 'error.$': '$.error' },
  });
  failed.next(done);
  for (const run of restore.runs) {
    run.addCatch(failed, { resultPath: '$.error' });
    run.next(done);
  }
  return restore.start;
}
