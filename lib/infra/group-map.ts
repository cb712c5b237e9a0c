import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { anotherTry, itemSelector } from './another-try.ts';
import type { NightSteps } from './night-steps.ts';
import type { TaskStates } from './task-states.ts';

export interface GroupMapProps {
  readonly steps: NightSteps;
  readonly discover: TaskStates;
}

/** Looks into each group of the run: which databases a server has, which dated folders are due. A group that fails is on record. */
export function groupMap(scope: Construct, { steps, discover }: GroupMapProps): sfn.Map {
  const done = new sfn.Pass(scope, 'GroupDone', { result: sfn.Result.fromObject({}) });
  const failed = anotherTry(scope, { outcome: steps.outcome, again: discover.start, done, of: 'OfGroup' });
  for (const run of discover.runs) {
    run.addCatch(failed, { resultPath: '$.error' });
    run.next(done);
  }
  const map = new sfn.Map(scope, 'Groups', {
    itemsPath: '$.plan.groups',
    itemSelector: itemSelector(),
    maxConcurrency: 10,
    resultPath: sfn.JsonPath.DISCARD,
  });
  map.itemProcessor(discover.start);
  return map;
}
