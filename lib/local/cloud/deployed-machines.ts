import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { type Deployment, idsOf } from './deploy.ts';
import { awsClient, type Endpoints } from './endpoints.ts';
import type { DeployedMachine } from './execution.ts';
import type { JsonObject } from './json.ts';
import { checkSupported } from './supported-states.ts';

/** The state machines with their resolved definitions. One that would run otherwise than on AWS is refused here, before anything is started. */
export async function deployedMachines(deployment: Deployment, endpoints: Endpoints): Promise<Map<string, DeployedMachine>> {
  const client = new SFNClient(awsClient(endpoints));
  const machines = new Map<string, DeployedMachine>();
  for (const stateMachineArn of idsOf(deployment, 'AWS::StepFunctions::StateMachine')) {
    const { name = '', roleArn = '', definition = '' } = await client.send(new DescribeStateMachineCommand({ stateMachineArn }));
    machines.set(stateMachineArn, {
      arn: stateMachineArn,
      name,
      roleArn,
      machine: checkSupported(JSON.parse(definition) as JsonObject),
    });
  }
  client.destroy();
  return machines;
}
