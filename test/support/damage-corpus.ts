import { type DeepFinding, lookOnce } from '../../lib/runtime/verify/deep-verify.ts';
import type { Corpus } from './corpus-backups.ts';
import { CorpusVault } from './corpus-vault.ts';
import { type DamageCase, damageCase, original } from './damage-case.ts';
import { type Sameness, sameness } from './sameness.ts';
import { SeededRandom } from './seeded-random.ts';

/** What a run of damaged cases came to. */
export interface DamageTally {
  readonly cases: number;
  readonly found: number;
  /** Concealed by size and hashes that were made to agree, and not found, because nothing that a restore gives is another. */
  readonly harmless: number;
  /** The same, where definitions or the values of sequences differ and every row is as it was: of those only the SHA-256 of the whole tells. */
  readonly definitionsOnly: number;
  /** Seeds of the cases that were called intact, or could not be read. None, if all is well. */
  readonly missed: readonly string[];
  /** Numbers found, by kind, format and what concealed it. */
  readonly by: Readonly<Record<string, number>>;
  readonly seconds: number;
}

export interface DamageRun {
  /** Each case has a seed of its own from here on. */
  readonly firstSeed: number;
  readonly cases: number;
  /** What looks at a case. @default one look at every byte */
  readonly look?: Look;
  /** @default every case */
  readonly only?: (one: DamageCase) => boolean;
}

export type Look = (one: DamageCase, corpus: Corpus) => Promise<DeepFinding['result']>;

/** Cases at a time: pg_restore takes a core of its own. */
const AT_A_TIME = 4;

/** Damages so many backups, one way each, and lets each of them be looked at. */
export async function runDamage(corpus: Corpus, { firstSeed, cases, look = deepLook, only }: DamageRun): Promise<DamageTally> {
  const began = performance.now();
  const counts = { cases: 0, found: 0, harmless: 0, definitionsOnly: 0 };
  const missed: string[] = [];
  const by: Record<string, number> = {};
  let seed = firstSeed;
  const worker = async (): Promise<void> => {
    while (counts.cases < cases) {
      const own = seed++;
      const one = await damageCase(corpus, own);
      if (only && !only(one)) continue;
      counts.cases++;
      const { verdict, name } = await judgeNamed(one, corpus, look);
      if (verdict === 'missed' || verdict === 'unread') missed.push(`seed ${own}: ${verdict} ${name}`);
      else counts[verdict]++;
      if (verdict === 'found') by[name] = (by[name] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return { ...counts, missed, by, seconds: (performance.now() - began) / 1000 };
}

export interface NamedVerdict {
  readonly verdict: Verdict;
  /** Its kind, format and what concealed it. */
  readonly name: string;
}

/** The one damaged backup of a seed, and what every byte of it read again says. */
export const damageOne = async (corpus: Corpus, seed: number): Promise<NamedVerdict> =>
  judgeNamed(await damageCase(corpus, seed), corpus, deepLook);

async function judgeNamed(one: DamageCase, corpus: Corpus, look: Look): Promise<NamedVerdict> {
  return { verdict: await judge(one, corpus, look), name: `${one.kind} | ${one.backup.format} | ${one.concealed}` };
}

type Verdict = 'found' | 'harmless' | 'definitionsOnly' | 'missed' | 'unread';

const SAME: Readonly<Record<Sameness, Verdict>> = { same: 'harmless', 'same rows': 'definitionsOnly', other: 'missed' };

async function judge(one: DamageCase, corpus: Corpus, look: Look): Promise<Verdict> {
  const result = await look(one, corpus);
  if (result === 'damaged') return 'found';
  if (result === 'unread' || one.concealed !== 'records' || !one.body) return result === 'unread' ? 'unread' : 'missed';
  return SAME[await sameness(one.backup.manifest.receipt.kind, original(one.backup), one.body, corpus.client)];
}

const NEVER = new AbortController().signal;

const deepLook: Look = async ({ backup, vault }, { client }) =>
  (await lookOnce(backup.key, { vault, clients: [client], signal: NEVER })).result;

/** Looks at intact backups, so many times in all; returns what was said against any of them. */
export async function runIntact(corpus: Corpus, looks: number): Promise<readonly string[]> {
  const refused: string[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < looks) {
      const said = await lookAtIntact(corpus, next++);
      if (said !== undefined) refused.push(said);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return refused;
}

/** Looks at one of the intact backups, its bytes in pieces of other sizes for each number; returns what was said against it. */
export async function lookAtIntact(corpus: Corpus, n: number): Promise<string | undefined> {
  const { key, objects } = corpus.backups[n % corpus.backups.length] as Corpus['backups'][number];
  const vault = new CorpusVault(objects, new SeededRandom(n));
  const finding = await lookOnce(key, { vault, clients: [corpus.client], signal: NEVER });
  return finding.result === 'intact' ? undefined : `${key}: ${JSON.stringify(finding)}`;
}
