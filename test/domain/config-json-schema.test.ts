import { expect, it } from 'vitest';
import { allowedKeys, configJsonSchema } from '../../lib/domain/config-json-schema.ts';

it('is the schema that editors read from docs/config.schema.json (after a change: npx vitest run -u)', async () => {
  await expect(`${JSON.stringify(configJsonSchema(), null, 2)}\n`).toMatchFileSnapshot('../../docs/config.schema.json');
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
  expect(allowedKeys(['sources', 3, 'keep'], {})).toEqual(['daily', 'weekly', 'monthly', 'yearly']);
  expect(allowedKeys(['connections', 'main'], {})).toContain('secret');
  expect(allowedKeys(['network'], { mode: 'public' })).toEqual(['mode', 'cidr']);
  expect(allowedKeys(['nowhere', 'at all'], {})).toEqual([]);
});
