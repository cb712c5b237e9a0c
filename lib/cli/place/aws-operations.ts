import { paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import { GetScheduleCommand, type GetScheduleOutput } from '@aws-sdk/client-scheduler';
import { paginateListExecutions } from '@aws-sdk/client-sfn';
import { awsChecks } from '../doctor/aws-checks.ts';
import { installedSchedule } from '../doctor/installed-schedule.ts';
import { asked, type DeployedStack, resourcesOf } from './deployed-stack.ts';
import type { Operations, RaisedAlarm, RunningExecution } from './operations.ts';
import { machineOf } from './stack-outputs.ts';

/** What stands around the runs of a stack, asked of AWS. */
export function awsOperations(deployed: DeployedStack): Operations {
  const { clients } = deployed;
  return {
    schedules: async () =>
      (await describedSchedules(deployed)).map(({ name, found }) =>
        installedSchedule({
          name,
          starts: machineOf(deployed.outputs, found.Target?.Arn),
          expression: found.ScheduleExpression,
          timeZone: found.ScheduleExpressionTimezone,
          state: found.State,
          input: found.Target?.Input,
          since: found.LastModificationDate ?? found.CreationDate,
        }),
      ),
    running: () => running(deployed),
    alarms: () => raised(deployed),
    checks: (secrets) => awsChecks(deployed, secrets),
    close: () => {
      for (const client of [clients.scheduler, clients.queues, clients.topics, clients.cloudWatch, clients.secrets])
        client.destroy();
    },
  };
}

interface DescribedSchedule {
  readonly name: string;
  readonly found: GetScheduleOutput;
}

/** The schedules of the stack as EventBridge Scheduler has them. Throws where one of them cannot be had. */
async function describedSchedules(deployed: DeployedStack): Promise<readonly DescribedSchedule[]> {
  const names = await resourcesOf(deployed, 'AWS::Scheduler::Schedule');
  return Promise.all(
    names.map(async (name) => ({
      name,
      found: await asked(`reading the schedule ${name}`, deployed.clients.scheduler.send(new GetScheduleCommand({ Name: name }))),
    })),
  );
}

async function running({ outputs, clients }: DeployedStack): Promise<readonly RunningExecution[]> {
  const found: RunningExecution[] = [];
  const query = { stateMachineArn: outputs.stateMachineArn, statusFilter: 'RUNNING' as const };
  await asked('listing executions', async () => {
    for await (const { executions = [] } of paginateListExecutions({ client: clients.stepFunctions }, query))
      for (const { executionArn, startDate } of executions)
        if (executionArn && startDate) found.push({ executionArn, startedAt: startDate });
  });
  return found;
}

async function raised(deployed: DeployedStack): Promise<readonly RaisedAlarm[]> {
  const names = await resourcesOf(deployed, 'AWS::CloudWatch::Alarm');
  const found: RaisedAlarm[] = [];
  await asked('reading the alarms', async () => {
    if (names.length === 0) return;
    const query = { AlarmNames: [...names], StateValue: 'ALARM' as const };
    for await (const { MetricAlarms = [] } of paginateDescribeAlarms({ client: deployed.clients.cloudWatch }, query))
      for (const { AlarmName = '', StateUpdatedTimestamp = new Date(0), AlarmDescription = '', StateValue } of MetricAlarms)
        if (StateValue === 'ALARM') found.push({ name: AlarmName, since: StateUpdatedTimestamp, description: AlarmDescription });
  });
  return found;
}
