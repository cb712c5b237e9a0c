import { expect, it } from 'vitest';
import { inputFor, inputProblems } from '../../../lib/local/cloud/event-input.ts';
import { matches, patternProblems } from '../../../lib/local/cloud/event-pattern.ts';

const event = { source: 'aws.states', detail: { name: 'night', status: 'FAILED', input: '{"a":"b"}', stopDate: null } };

it.each([
  [{ source: ['aws.states'] }, true],
  [{ source: ['aws.s3'] }, false],
  [{ detail: { status: ['FAILED', 'ABORTED'] } }, true],
  [{ detail: { status: ['SUCCEEDED'] } }, false],
  [{ detail: { status: ['FAILED'], name: ['day'] } }, false],
  [{ detail: { stopDate: [null] } }, true],
  [{ resources: ['x'] }, false],
])('a pattern %j matches an event where every field that it names has one of its values: %s', (pattern, expected) => {
  expect(matches(pattern, event)).toBe(expected);
  expect(patternProblems(pattern)).toEqual([]);
});

it.each([
  [{ detail: { name: [{ prefix: 'night' }] } }, 'detail.name: only lists of exact values are matched'],
  [{ $or: [{ source: ['a'] }] }, '$or: only lists of exact values are matched'],
])('a pattern with a filter is refused: %j', (pattern, problem) => {
  expect(patternProblems(pattern)).toEqual([problem]);
});

it('a target gets the event where it asks for nothing else, and a constant where it asks for that', () => {
  expect(JSON.parse(inputFor({}, event))).toEqual(event);
  expect(inputFor({ Input: '{"do":"this"}' }, event)).toBe('{"do":"this"}');
});

it('a template is filled with bare values inside of a text and with JSON elsewhere, quotes escaped', () => {
  const InputPathsMap = { name: '$.detail.name', input: '$.detail.input', detail: '$.detail' };
  const text = (InputTemplate: string) => inputFor({ InputTransformer: { InputPathsMap, InputTemplate } }, event);
  expect(JSON.parse(text('"<name>: <input>"'))).toBe('night: {"a":"b"}');
  expect(JSON.parse(text('{"who": <name>, "all": <detail>}'))).toEqual({ who: 'night', all: event.detail });
});

it('a template with a placeholder that nothing defines is refused: EventBridge takes no such rule', () => {
  const InputTransformer = { InputPathsMap: { name: '$.detail.name' }, InputTemplate: '"<name> of <slot>"' };
  expect(inputProblems({ InputTransformer })).toEqual(['its template has <slot>, which InputPathsMap does not define']);
  expect(inputProblems({ InputTransformer: { InputPathsMap: { x: '$.a[0]' }, InputTemplate: '"<x>"' } })).toHaveLength(1);
});
