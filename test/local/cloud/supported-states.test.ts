import { expect, it } from 'vitest';
import type { JsonObject } from '../../../lib/local/cloud/json.ts';
import { checkSupported, UnsupportedDefinition } from '../../../lib/local/cloud/supported-states.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:work';
const machine = (state: JsonObject): JsonObject => ({ StartAt: 'Only', States: { Only: { End: true, ...state } } });
const task = (more: JsonObject): JsonObject => machine({ Type: 'Task', Resource: FUNCTION, ...more });
const map = (more: JsonObject, mode = 'DISTRIBUTED'): JsonObject =>
  machine({
    Type: 'Map',
    ItemProcessor: {
      ProcessorConfig: mode === 'DISTRIBUTED' ? { Mode: mode, ExecutionType: 'STANDARD' } : { Mode: mode },
      StartAt: 'Inside',
      States: { Inside: { Type: 'Pass', End: true } },
    },
    ...more,
  });
const reader = (more: JsonObject): JsonObject => ({
  ItemReader: {
    Resource: 'arn:aws:states:::s3:getObject',
    ReaderConfig: { InputType: 'JSON' },
    Parameters: { Bucket: 'b', 'Key.$': '$.key' },
    ...more,
  },
});

it.each<[string, JsonObject]>([
  [
    'a function by ARN',
    task({ TimeoutSeconds: 5, Retry: [{ ErrorEquals: ['States.ALL'], JitterStrategy: 'FULL', MaxDelaySeconds: 9 }] }),
  ],
  ['a task of ECS', task({ Resource: 'arn:aws:states:::ecs:runTask.sync' })],
  [
    'the context of the execution',
    task({ Parameters: { 'id.$': '$$.Execution.Id', 'text.$': "States.Format('{}', $$.Execution.StartTime)" } }),
  ],
  [
    'a Distributed Map',
    map({ ...reader({}), ToleratedFailurePercentage: 100, Label: 'Jobs', ItemSelector: { 'id.$': '$$.Map.Item.Value.id' } }),
  ],
  ['an inline Map', map({ ItemsPath: '$.items' }, 'INLINE')],
])('accepts %s', (_, definition) => {
  expect(checkSupported(definition)).toBe(definition);
});

it.each<[string, JsonObject, string]>([
  ['JSONata of a whole machine', { ...task({}), QueryLanguage: 'JSONata' }, 'QueryLanguage is JSONata'],
  [
    'JSONata of one state',
    machine({ Type: 'Pass', QueryLanguage: 'JSONata', Output: '{% $states.input %}' }),
    'States.Only.QueryLanguage is JSONata',
  ],
  ['JSONata inside a text', task({ Parameters: { a: '{% $x %}' } }), 'States.Only.Parameters.a is JSONata'],
  ['heartbeats', task({ HeartbeatSeconds: 5 }), 'state "Only": HeartbeatSeconds is not supported'],
  ['variables', machine({ Type: 'Pass', Assign: { a: 1 } }), 'state "Only": Assign is not supported'],
  ['a field nobody knows', { ...task({}), Timeout: 3 }, 'the state machine: Timeout is not supported'],
  [
    'a field nobody knows of a retrier',
    task({ Retry: [{ ErrorEquals: ['States.ALL'], Interval: 3 }] }),
    'Retry: Interval is not supported',
  ],
  ['a field of a state inside a Map', nested({ HeartbeatSeconds: 5 }), 'state "Inside": HeartbeatSeconds is not supported'],
  ['a type nobody knows', machine({ Type: 'Loop' }), 'there is no type Loop'],
  ['other services', task({ Resource: 'arn:aws:states:::sns:publish' }), 'not arn:aws:states:::sns:publish'],
  [
    'callbacks',
    task({ Resource: 'arn:aws:states:::ecs:runTask.waitForTaskToken' }),
    'not arn:aws:states:::ecs:runTask.waitForTaskToken',
  ],
  ['items in an inventory', map(reader({ ReaderConfig: { InputType: 'CSV' } })), 'from one JSON object'],
  ['batches', map({ ItemBatcher: { MaxItemsPerBatch: 5 } }), 'ItemBatcher is not supported'],
  [
    'a limit of items',
    map(reader({ ReaderConfig: { InputType: 'JSON', MaxItems: 5 } })),
    'ReaderConfig: MaxItems is not supported',
  ],
  ['an item reader of an inline Map', map(reader({}), 'INLINE'), 'ItemReader is not supported'],
  ['the name of the state', task({ Parameters: { 'n.$': '$$.State.Name' } }), 'the context object here has no $$.State.Name'],
  ['the item of a Map inside it', nested({ Parameters: { 'v.$': '$$.Map.Item.Value' } }), 'has no $$.Map.Item.Value'],
  ['an empty result', machine({ Type: 'Pass', Result: 0 }), 'passes over an empty Result'],
  ['negation by false', choice({ Variable: '$.a', IsPresent: false }), 'write Not'],
  ['a path to nowhere', { StartAt: 'Only', States: { Only: { Type: 'Pass', Next: 'Gone' } } }, 'Gone'],
])('refuses %s', (_, definition, message) => {
  expect(() => checkSupported(definition)).toThrow(message);
});

it('says all problems at once', () => {
  const definition = task({ HeartbeatSeconds: 5, Credentials: {} });
  expect(() => checkSupported(definition)).toThrow(UnsupportedDefinition);
  expect(() => checkSupported(definition)).toThrow(/HeartbeatSeconds.*Credentials/);
});

function nested(more: JsonObject): JsonObject {
  const outer = map({});
  const inside = { Type: 'Task', Resource: FUNCTION, End: true, ...more };
  const only = (outer.States as JsonObject).Only as JsonObject;
  return machine({ ...only, ItemProcessor: { ...(only.ItemProcessor as JsonObject), States: { Inside: inside } } });
}

function choice(rule: JsonObject): JsonObject {
  return {
    StartAt: 'Which',
    States: { Which: { Type: 'Choice', Choices: [{ ...rule, Next: 'Done' }] }, Done: { Type: 'Succeed' } },
  };
}
