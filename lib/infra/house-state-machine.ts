import type { Duration } from 'aws-cdk-lib';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { acknowledgeWildcards, VAULT_OBJECTS } from './acknowledge.ts';
import type { BackupVault } from './backup-vault.ts';
import { houseLogGroup } from './house-log-group.ts';

export interface HouseStateMachineProps {
  readonly definition: sfn.IChainable;
  readonly timeout: Duration;
  readonly vault: BackupVault;
  /** Where the items of its Map lie, which it reads itself. @default - it has none */
  readonly itemsUnder?: string;
}

/** A state machine that is traced and logged, without what it is told: payloads and causes of tasks stay out of the log. */
export function houseStateMachine(scope: Construct, props: HouseStateMachineProps): sfn.StateMachine {
  const { definition, timeout, vault, itemsUnder } = props;
  const stateMachine = new sfn.StateMachine(scope, 'StateMachine', {
    definitionBody: sfn.DefinitionBody.fromChainable(definition),
    timeout,
    tracingEnabled: true,
    logs: { destination: houseLogGroup(scope, 'Logs'), level: sfn.LogLevel.ALL, includeExecutionData: false },
  });
  // the vault is encrypted, so reading takes the key as well
  for (const statement of itemsUnder === undefined ? [] : vault.read(itemsUnder)) stateMachine.addToRolePolicy(statement);
  acknowledgeWildcards(stateMachine, [
    VAULT_OBJECTS,
    { pattern: /^Resource::<\w*Steps\w+\.Arn>:\*$/, reason: 'Versions of the functions that it invokes' },
    {
      pattern: /^Resource::arn:.*:s3:::(<Vault\w+>|[a-z0-9.-]+)\/\*$/,
      reason: 'The ItemReader of the Map: its key is known when it runs',
    },
    { pattern: /^Resource::arn:.*:states:.*:execution:.*:\*$/, reason: 'Executions and child executions of its own Map' },
    { pattern: /:task-definition\/[\w-]+:\*$/, reason: 'The newest revision of a task definition of an application' },
    { pattern: /^Resource::\*$/, reason: 'StopTask, DescribeTasks, X-Ray and log delivery know no narrower resource' },
  ]);
  return stateMachine;
}
