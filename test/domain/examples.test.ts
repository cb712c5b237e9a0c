import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Tier } from '../../lib/domain/backup/tiers.ts';
import { type Config, ConfigFile } from '../../lib/domain/config/config.ts';
import { readConfig } from '../../lib/domain/config/config-file.ts';
import { MANUAL, NIGHTLY } from '../../lib/domain/run/plan-name.ts';
import { formatOf } from '../../lib/domain/source/artifact-of.ts';
import { type ConfiguredSource, connectionOf, isGroup, keepOf } from '../../lib/domain/source/source.ts';
import {
  type DocumentedKey,
  EXAMPLES,
  type Example,
  exampleFile,
  type Occasion,
  readExampleDocs,
} from '../support/example-docs.ts';

const text = (example: Example): string => readFileSync(exampleFile(example), 'utf8');
const configOf = (example: Example): Config => readConfig(text(example), exampleFile(example));

it('has one file for each of the five systems, and the README leads to them', () => {
  expect(readdirSync('docs/examples').sort()).toEqual(EXAMPLES.map((example) => `${example}.yaml`).sort());
  expect(readFileSync('README.md', 'utf8')).toContain('(docs/examples.md)');
});

describe.each(EXAMPLES)('docs/examples/%s.yaml', (example) => {
  const config = configOf(example);

  it('is completed and checked by editors', () => {
    expect(text(example).split('\n')[0]).toBe('# yaml-language-server: $schema=../config.schema.json');
  });

  it('joins the VPC of its databases, trusts only certificates that can be checked, and names what it leaves out', () => {
    expect(config.network.mode).toBe('existing');
    const modes = config.sources.flatMap((source) => connectionOf(source)?.sslMode ?? []);
    expect(new Set(modes)).toEqual(new Set(['verify-full']));
    expect(config.notCovered.length).toBeGreaterThan(0);
  });

  it('makes the keys that docs/examples.md lists, at the times and for as long as it says', () => {
    const { keys } = readExampleDocs(example);
    const inOrder = (rows: readonly DocumentedKey[]) => [...rows].sort((a, b) => (a.key < b.key ? -1 : 1));
    expect(inOrder(keys)).toEqual(inOrder(config.sources.flatMap((source) => keysOf(source, config))));
  });

  it('has every setting that the table of rules claims', () => {
    const { settings, rules } = readExampleDocs(example);
    expect(rules.length).toBeGreaterThan(8);
    const file = ConfigFile.parse(parse(text(example)));
    const byId = { ...file, sources: Object.fromEntries(file.sources.map((source) => [source.id, source])) };
    expect(settings.map(({ path }) => [path, shown(at(byId, path))])).toEqual(settings.map(({ path, value }) => [path, value]));
  });
});

function keysOf(source: ConfiguredSource, config: Config): DocumentedKey[] {
  if (source.kind === 'datedFolders')
    return [{ occasion: 'once', key: `archive/${source.id}_YYYY-MM-DD.tar.gz`, kept: 'forever' }];
  if (isGroup(source)) throw new Error('no example finds its databases by itself');
  return Object.entries(keepOf(source) ?? {}).map(([tier, kept]) => ({
    occasion: occasionOf(source, tier as Tier),
    key: `${tier}/${source.id}_YYYYMMDD_${timeOf(source, config)}.${formatOf(source)}`,
    kept: String(kept),
  }));
}

function occasionOf({ plan = NIGHTLY, enabled }: ConfiguredSource, tier: Tier): Occasion {
  if (plan === MANUAL || !enabled) return 'by hand';
  if (tier === 'weekly') return "Sunday's";
  if (tier === 'monthly') return "a month's first";
  if (tier === 'yearly') return "a year's first";
  return plan === NIGHTLY ? 'every night' : 'Sundays, plan media';
}

/** The time of day that the stamps of a source carry. */
function timeOf({ plan = NIGHTLY, enabled }: ConfiguredSource, { schedule, schedules }: Config): string {
  if (plan === MANUAL || !enabled) return 'HHMMSS';
  const [minute = '', hour = ''] = (schedules[plan] ?? schedule).cron.split(' ');
  return `${hour.padStart(2, '0')}${minute.padStart(2, '0')}00`;
}

const at = (value: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);

const shown = (value: unknown): string => (Array.isArray(value) ? value.join(',') : String(value));
