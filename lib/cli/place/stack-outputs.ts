import { type CloudFormationClient, CloudFormationServiceException, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { explainAws } from './aws-errors.ts';
import type { Machine } from './machine.ts';

export const DEFAULT_STACK = 'nightproof';

/** What CloudFormation takes for a name; anything else is refused before it is asked. */
const STACK_NAME = /^[A-Za-z][A-Za-z0-9-]{0,127}$/;

export const isStackName = (text: string): boolean => STACK_NAME.test(text);

/** The output that names each state machine. */
export const MACHINE_OUTPUTS = {
  night: 'StateMachineArn',
  restore: 'RestoreStateMachineArn',
  drill: 'DrillStateMachineArn',
  patrol: 'PatrolStateMachineArn',
} as const satisfies Record<Machine, string>;

export interface StackOutputs {
  readonly vaultBucket: string;
  /** Of the night. */
  readonly stateMachineArn: string;
  /** A stack that was deployed by an older nightproof lacks some. */
  readonly machines: Readonly<Partial<Record<Machine, string>>>;
}

/** Asks the deployed stack where its vault and its state machines are. */
export async function readStack(client: CloudFormationClient, stack: string): Promise<StackOutputs> {
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stack })).catch((error: unknown) => {
    throw isAbsent(error) ? noStack(stack, error) : (explainAws(error, `looking for the stack ${stack}`) ?? error);
  });
  const outputs = new Map((Stacks?.[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const vaultBucket = outputs.get('VaultBucket');
  const stateMachineArn = outputs.get('StateMachineArn');
  const machines = Object.fromEntries(
    Object.entries(MACHINE_OUTPUTS).flatMap(([machine, output]) => {
      const arn = outputs.get(output);
      return arn === undefined ? [] : [[machine, arn]];
    }),
  );
  if (vaultBucket && stateMachineArn) return { vaultBucket, stateMachineArn, machines };
  throw new CliError(
    EXIT.usage,
    `the stack ${stack} has no outputs VaultBucket and StateMachineArn`,
    'Name the stack of nightproof with --stack. If it is this one, its deployment is not complete: npx cdk deploy',
  );
}

/** Which state machine of the stack an ARN is of. */
export const machineOf = ({ machines }: StackOutputs, arn: string | undefined): Machine | undefined =>
  (Object.keys(MACHINE_OUTPUTS) as Machine[]).find((machine) => arn !== undefined && machines[machine] === arn);

/** The state machine of a stack; without it the stack is older than this command. */
export function machineArn({ machines }: StackOutputs, machine: Machine, stack: string): string {
  const arn = machines[machine];
  if (arn !== undefined) return arn;
  throw new CliError(
    EXIT.usage,
    `the stack ${stack} has no output ${MACHINE_OUTPUTS[machine]}: it was deployed by an older nightproof`,
    'Deploy again: npx cdk deploy',
  );
}

/** The name is well-formed, so that the only thing left to be invalid is that there is no such stack. */
const isAbsent = (error: unknown): boolean => error instanceof CloudFormationServiceException && error.name === 'ValidationError';

const noStack = (stack: string, cause: unknown): CliError =>
  new CliError(
    EXIT.usage,
    `there is no stack ${stack} in this account and region`,
    'Deploy it (npx cdk deploy), or say where it is: --stack, --region, AWS_PROFILE.',
    { cause },
  );
