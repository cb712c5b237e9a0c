import { describe, expect, it } from 'vitest';
import { allowedKeys, alternativesWith, configJsonSchema, mapsWith } from '../../../lib/domain/config/config-json-schema.ts';

it('is the schema that editors read from docs/config.schema.json (after a change: npx vitest run test/domain/config/config-json-schema.test.ts --update)', async () => {
  await expect(`${JSON.stringify(configJsonSchema(), null, 2)}\n`).toMatchFileSnapshot('../../../docs/config.schema.json');
});

it('is closed: no map of the file takes unknown keys', () => {
  const open: string[] = [];
  const walk = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return;
    if ('properties' in schema && (schema as { additionalProperties?: unknown }).additionalProperties !== false) open.push(path);
    for (const [key, value] of Object.entries(schema)) walk(value, `${path}.${key}`);
  };
  walk(configJsonSchema(), '$');
  expect(open).toEqual([]);
});

it('knows the keys of every map', () => {
  expect(allowedKeys(['connections', 'main'], {})).toContain('secret');
  expect(allowedKeys(['schedules', 'media'], {})).toContain('startTolerance');
  expect(allowedKeys(['network'], { network: { mode: 'public' } })).toEqual(['mode', 'cidr']);
  expect(allowedKeys(['nowhere', 'at all'], {})).toEqual([]);
});

describe('a source', () => {
  const file = {
    sources: [
      { id: 'a' },
      { kind: 'files' },
      { kind: 'datedFolders' },
      { kind: 'server', limits: {}, keep: {} },
      { kind: 'nonsense' },
    ],
  };
  const keys = (...path: (string | number)[]) => allowedKeys(['sources', ...path], file);

  it('is a database where its kind is left out', () => {
    expect(keys(0)).toContain('database');
    expect(keys(0)).not.toContain('volume');
  });

  it('has the keys of its kind, and no others', () => {
    expect(keys(1)).toEqual(expect.arrayContaining(['volume', 'roots', 'keep']));
    expect(keys(1)).not.toContain('minAge');
    expect(keys(2)).toContain('minAge');
    expect(keys(2)).not.toContain('keep');
    expect(keys(4)).toEqual([]);
  });

  it('has maps of its own, which are found through its kind', () => {
    expect(keys(3, 'limits')).toEqual(['lockWait', 'noProgress', 'deadline']);
    expect(keys(3, 'keep')).toEqual(['daily', 'weekly', 'monthly', 'yearly']);
    expect(keys(2, 'keep')).toEqual([]);
  });
});

it('knows which kinds have a key that another has not', () => {
  const file = { sources: [{ kind: 'files' }] };
  expect(alternativesWith('roots', ['sources', 0], file)).toEqual({ field: 'kind', values: ['files'] });
  expect(alternativesWith('include', ['sources', 0], file)).toEqual({ field: 'kind', values: ['server'] });
  expect(alternativesWith('nothing', ['sources', 0], file)).toBeUndefined();
  expect(alternativesWith('daily', ['keep'], {})).toBeUndefined();
});

it('knows under which maps of the file a key stands', () => {
  expect(mapsWith('cron')).toEqual(['schedule', 'schedules']);
  expect(mapsWith('database')).toEqual(['sources']);
  expect(mapsWith('fileSystemId')).toEqual(['volumes']);
  expect(mapsWith('nothing')).toEqual([]);
});
