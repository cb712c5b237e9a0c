import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configJsonSchema } from '../../lib/domain/config/config-json-schema.ts';
import { REASONS } from '../../lib/domain/outcomes.ts';
import { synthesized } from '../support/synthesized.ts';

const read = (file: string): string => readFileSync(file, 'utf8');
const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...globSync('docs/**/*.md')];

describe('the documents', () => {
  it.each(PAGES)('%s links to nothing that is not there', (page) => {
    const targets = [...read(page).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, target]) => target ?? '');
    for (const target of targets) expect(existsSync(join(dirname(page), target)), target).toBe(true);
  });

  it.each(PAGES)('%s names no npm script that does not exist', (page) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const [, script = ''] of read(page).matchAll(/npm run ([a-z]+)/g))
      expect(Object.keys(scripts), script).toContain(script);
  });

  it('list every reason for failure, and whether it is tried again, in the runbook', () => {
    const runbook = read('docs/runbook.md');
    for (const [reason, { retryable }] of Object.entries(REASONS))
      expect(runbook).toContain(`| \`${reason}\` | ${retryable ? 'yes' : 'no'} |`);
  });

  it('list every key of the configuration', () => {
    const page = read('docs/configuration.md');
    for (const key of keysIn(configJsonSchema())) expect(page, key).toMatch(new RegExp(`\\b${key}\\b`));
  });

  it('have an article in the runbook for every alarm', () => {
    const alarms = Object.values(synthesized().resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');
    expect(alarms.length).toBeGreaterThan(0);
    for (const { Properties } of alarms) {
      const [, article] = /docs\/runbook\.md, "([^"]+)"/.exec(String(Properties.AlarmDescription)) ?? [];
      expect(read('docs/runbook.md')).toContain(`## ${article}`);
    }
  });
});

/** Names of all properties in a JSON Schema. */
function keysIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = 'properties' in schema ? Object.keys(schema.properties as object) : [];
  return [...new Set([...own, ...Object.values(schema).flatMap(keysIn)])];
}
