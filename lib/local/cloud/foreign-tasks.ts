import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import type { Template } from './assembly.ts';
import { isObject, type Json, type JsonObject, objectIn, textOf } from './json.ts';
import { StatesError } from './states-error.ts';

/** `migrate` of `migrate`, `migrate:3` and `arn:aws:ecs:eu-west-3:123456789012:task-definition/migrate:3`. */
export const familyOf = (taskDefinition: string): string => taskDefinition.replace(/^.*\//, '').replace(/:\d+$/, '');

/** Whether a task definition is somebody else's: it is not in the template, so nothing says which program it would start. */
export const isForeign = ({ Resources }: Template, family: string): boolean =>
  !Object.values(Resources).some(({ Type, Properties }) => Type === 'AWS::ECS::TaskDefinition' && Properties?.Family === family);

/** The program that stands for somebody else's task. Without one the task fails to start, as on Fargate without an image. */
export function foreignProgram(programs: Readonly<Record<string, readonly string[]>>, family: string): readonly string[] {
  const argv = Object.hasOwn(programs, family) ? programs[family] : undefined;
  if (argv) return argv;
  const why = `no program of this machine stands for the task definition ${family}: name one in foreignTasks`;
  throw new StatesError(
    'States.TaskFailed',
    JSON.stringify({ StopCode: 'TaskFailedToStart', StoppedReason: why, Containers: [] }),
  );
}

/** Its one container, as far as the state speaks of it. */
export function foreignContainer(parameters: JsonObject): ContainerDefinition {
  const [override] = ((objectIn(parameters.Overrides).ContainerOverrides ?? []) as Json[]).filter(isObject);
  return { name: textOf(override?.Name) || 'main', image: 'foreign' };
}
