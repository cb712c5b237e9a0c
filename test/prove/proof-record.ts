import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const counts = z.record(z.string(), z.number());

/** What `docs/proof/<name>.json` says: how a proof went, or how far it came. */
export const ProofRecord = z.strictObject({
  proof: z.string(),
  claim: z.string(),
  /** Whether all cases were done, nothing was violated, and nothing is missing. */
  complete: z.boolean(),
  date: z.iso.date(),
  seed: z.number().int(),
  cases: z.strictObject({ asked: z.number().int(), done: z.number().int() }),
  figures: counts,
  tally: counts,
  worst: counts,
  missing: z.array(z.string()),
  violations: z.array(z.string()),
  seconds: z.number(),
  versions: z.strictObject({
    nightproof: z.array(z.string()),
    node: z.string(),
    postgresql: z.array(z.string()),
    versitygw: z.string(),
  }),
  machine: z.string(),
});
export type ProofRecord = z.infer<typeof ProofRecord>;

export const readRecord = (folder: string, name: string): ProofRecord =>
  ProofRecord.parse(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')));

/** Writes a record and the page that says the same. */
export function writeRecord(folder: string, record: ProofRecord): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${record.proof}.json`), `${JSON.stringify(record, undefined, 2)}\n`);
  writeFileSync(join(folder, `${record.proof}.md`), proofPage(record));
}

/** The page of a proof. */
export function proofPage(record: ProofRecord): string {
  const { proof, claim, complete, date, seed, cases, figures, tally, worst, missing, violations, seconds, versions } = record;
  const { done, asked } = cases;
  const state = complete ? 'complete' : `incomplete: ${show(done)} of ${show(asked)} cases`;
  return [
    `# Proof: ${proof}`,
    '',
    `${claim}`,
    '',
    `**${state}**, ${date}. Again: \`npm run prove -- --only ${proof} --seed ${seed}\`; one case: \`--from <number> --count 1\` with it.`,
    '',
    ...table('figure', figures),
    ...list('Missing', missing),
    ...list('Violations', violations),
    ...table('counted', tally),
    ...(Object.keys(worst).length > 0 ? table('largest', worst) : []),
    `Seed ${seed}; ${show(done)} cases in ${show(Math.round(seconds))} s on ${record.machine}. PostgreSQL ${versions.postgresql.join(', ')},`,
    `versitygw ${versions.versitygw}, Node ${versions.node}, nightproof ${versions.nightproof.join(', ')}.`,
    '',
  ].join('\n');
}

const table = (title: string, rows: Readonly<Record<string, number>>): string[] => [
  `| ${title} | |`,
  '|---|---|',
  ...Object.entries(rows).map(([name, value]) => `| ${name} | ${show(value)} |`),
  '',
];

const list = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`${title}:`, '', ...lines.map((line) => `- ${line}`), ''];

const show = (value: number): string => value.toLocaleString('en-US');
