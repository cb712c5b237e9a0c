import validate from 'asl-validator';
import { type Json, type JsonObject, objectIn, textOf, textsIn } from './json.ts';

/** States with a start: a state machine, a branch of it, or the processor of a Map. */
export interface Machine {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, JsonObject>>;
  readonly TimeoutSeconds?: number;
}

/** A definition that the local cloud would run otherwise than Step Functions, and therefore not at all. */
export class UnsupportedDefinition extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The local cloud cannot run this state machine as Step Functions would: ${problems.join('; ')}`);
    this.name = 'UnsupportedDefinition';
    this.problems = problems;
  }
}

const MACHINE = ['Comment', 'QueryLanguage', 'StartAt', 'States', 'TimeoutSeconds', 'Version'];
const PROCESSOR = ['Comment', 'ProcessorConfig', 'StartAt', 'States'];
const ALWAYS = ['Comment', 'QueryLanguage', 'Type'];
const PATHS = ['InputPath', 'OutputPath'];
const NEXT = ['End', 'Next'];
const RESULT = ['ResultPath', 'ResultSelector'];
const TROUBLE = ['Catch', 'Retry'];
const WORK = [...ALWAYS, ...PATHS, ...NEXT, ...RESULT, ...TROUBLE];

/** Closed: what is not here is neither run by the engine nor translated. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Task: [...WORK, 'Parameters', 'Resource', 'TimeoutSeconds'],
  Parallel: [...WORK, 'Branches', 'Parameters'],
  Map: [...WORK, 'ItemProcessor', 'ItemSelector', 'ItemsPath', 'MaxConcurrency'],
  DistributedMap: [
    ...WORK,
    'ItemProcessor',
    'ItemReader',
    'ItemSelector',
    'ItemsPath',
    'Label',
    'MaxConcurrency',
    'ToleratedFailureCount',
    'ToleratedFailurePercentage',
  ],
  Pass: [...ALWAYS, ...PATHS, ...NEXT, 'Parameters', 'Result', 'ResultPath'],
  Wait: [...ALWAYS, ...NEXT, 'OutputPath', 'Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'],
  Choice: [...ALWAYS, ...PATHS, 'Choices', 'Default'],
  Succeed: [...ALWAYS, ...PATHS],
  Fail: [...ALWAYS, 'Cause', 'CausePath', 'Error', 'ErrorPath'],
};
const RETRIER = ['BackoffRate', 'ErrorEquals', 'IntervalSeconds', 'JitterStrategy', 'MaxAttempts', 'MaxDelaySeconds'];
const CATCHER = ['ErrorEquals', 'Next', 'ResultPath'];
const READER = ['Parameters', 'ReaderConfig', 'Resource'];

const FUNCTION_ARN = /^arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:[\w-]+$/;
export const RUN_TASK = /^arn:aws[\w-]*:states:::ecs:runTask\.sync$/;
const GET_OBJECT = /^arn:aws[\w-]*:states:::s3:getObject$/;

/** What the context object holds here. The item of a Map is there only while its input is selected. */
const CONTEXT = /\$\$\.(Execution\.(Id|Name|StartTime|Input|RoleArn)|StateMachine\.(Id|Name))\b/g;
const ITEM = /\$\$\.Map\.Item\.(Value|Index)\b/g;

export const isDistributed = (state: JsonObject): boolean =>
  state.Type === 'Map' && objectIn(objectIn(state.ItemProcessor).ProcessorConfig).Mode === 'DISTRIBUTED';

/** A definition as the local cloud can run it. Throws UnsupportedDefinition with all that it cannot. */
export function checkSupported(definition: JsonObject): Machine {
  const problems = [...jsonata(definition), ...machineProblems(definition, 'the state machine', MACHINE)];
  // The validator fills in defaults, so it gets a copy; unknown fields would only be said twice.
  const { isValid, errorsText } = validate(structuredClone(definition) as never);
  if (problems.length === 0 && !isValid) problems.push(errorsText('; '));
  if (problems.length > 0) throw new UnsupportedDefinition(problems);
  return definition as unknown as Machine;
}

/** The engine would pass over it without a word, and hand the input on. */
function jsonata(definition: JsonObject): string[] {
  const found = [...textsIn(definition)].filter(({ text, path }) =>
    path.at(-1) === 'QueryLanguage' ? text !== 'JSONPath' : text.trimStart().startsWith('{%'),
  );
  return found.map(({ path }) => `${path.join('.')} is JSONata, which the engine does not know`);
}

function machineProblems(machine: JsonObject, where: string, fields: readonly string[]): string[] {
  const states = Object.entries(objectIn(machine.States)).map(([name, state]) => [`state "${name}"`, objectIn(state)] as const);
  return [...unknown(machine, where, fields), ...states.flatMap(([name, state]) => stateProblems(state, name))];
}

function stateProblems(state: JsonObject, where: string): string[] {
  const type = isDistributed(state) ? 'DistributedMap' : textOf(state.Type);
  const fields = FIELDS[type];
  if (!fields) return [`${where}: there is no type ${type}`];
  const each = (list: Json | undefined, known: readonly string[], what: string) =>
    ((list ?? []) as JsonObject[]).flatMap((entry) => unknown(entry, `${where}, ${what}`, known));
  return [
    ...unknown(state, where, fields),
    ...each(state.Retry, RETRIER, 'Retry'),
    ...each(state.Catch, CATCHER, 'Catch'),
    ...contextProblems(state, where),
    ...ownProblems(state, where),
    ...(state.ItemProcessor === undefined
      ? []
      : machineProblems(objectIn(state.ItemProcessor), `${where}, ItemProcessor`, PROCESSOR)),
    ...((state.Branches ?? []) as JsonObject[]).flatMap((branch) => machineProblems(branch, `${where}, a branch`, PROCESSOR)),
  ];
}

function ownProblems(state: JsonObject, where: string): string[] {
  const resource = textOf(state.Resource);
  const reader = objectIn(state.ItemReader);
  const problems: string[] = [];
  if (state.Type === 'Task' && !FUNCTION_ARN.test(resource) && !RUN_TASK.test(resource))
    problems.push(`${where}: it runs functions by ARN and ecs:runTask.sync, not ${resource}`);
  if (state.Type === 'Pass' && 'Result' in state && !state.Result)
    problems.push(`${where}: the engine passes over an empty Result`);
  if (state.Type === 'Choice' && negated(state.Choices ?? []))
    problems.push(`${where}: the engine takes Is...: false for never; write Not`);
  if (state.ItemReader !== undefined) {
    problems.push(
      ...unknown(reader, `${where}, ItemReader`, READER),
      ...unknown(objectIn(reader.ReaderConfig), `${where}, ReaderConfig`, ['InputType']),
    );
    if (!GET_OBJECT.test(textOf(reader.Resource)) || objectIn(reader.ReaderConfig).InputType !== 'JSON')
      problems.push(`${where}: its items are read from one JSON object (s3:getObject) only`);
  }
  return problems;
}

function negated(rules: Json): boolean {
  if (typeof rules !== 'object' || rules === null) return false;
  return Object.entries(rules).some(([key, value]) => (/^Is[A-Z]/.test(key) && value === false) || negated(value));
}

function contextProblems(state: JsonObject, where: string): string[] {
  const { ItemProcessor: _, Branches: __, ...own } = state;
  return [...textsIn(own)].flatMap(({ text, path }) => {
    if (!text.startsWith('$$') && !text.startsWith('States.')) return [];
    const rest = text.replace(CONTEXT, '');
    const left = path[0] === 'ItemSelector' ? rest.replace(ITEM, '') : rest;
    return left.includes('$$') ? [`${where}: the context object here has no ${text}`] : [];
  });
}

const unknown = (value: JsonObject, where: string, known: readonly string[]): string[] =>
  Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => `${where}: ${key} is not supported`);
