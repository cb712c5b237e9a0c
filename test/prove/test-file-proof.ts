import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { processGroup } from '../../lib/local/servers/process-group.ts';
import { CaseNotes } from '../support/faults/case-result.ts';
import type { Proof } from './proof.ts';

const TREE = fileURLToPath(new URL('../..', import.meta.url));

/** As much of vitest's JSON report as tells how each test went. */
const Report = z.object({
  testResults: z.array(
    z.object({ assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })), message: z.string() }),
  ),
});

/** What `npm test` shows whole already: the same files, with the number of their tests on record. A case is a file. */
export const testFileProof = (
  facts: Pick<Proof, 'name' | 'claim'> & {
    readonly files: readonly string[];
    readonly figures?: Readonly<Record<string, number>>;
  },
): Proof => ({
  name: facts.name,
  claim: facts.claim,
  cases: facts.files.length,
  figures: (_, tally) => ({ ...facts.figures, 'tests passed': tally['tests passed'] ?? 0 }),
  never: ['tests failed'],
  missing: (tally) => (tally['tests passed'] ? [] : ['no test was run']),
  open: async (toolchain) => ({
    parallel: 1,
    run: (_, index) => runFile(facts.files[index] ?? '', { NIGHTPROOF_TOOLCHAIN: JSON.stringify(toolchain) }),
    close: async () => undefined,
  }),
});

async function runFile(file: string, env: Readonly<Record<string, string>>): Promise<CaseNotes> {
  const folder = processGroup.folder('proof');
  const report = join(folder.path, 'report.json');
  const args = ['run', '--reporter=json', `--outputFile=${report}`, file];
  const vitest = processGroup.spawn(join(TREE, 'node_modules/.bin/vitest'), args, {
    cwd: TREE,
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
  const { code } = await vitest.closed;
  const notes = new CaseNotes();
  try {
    for (const { assertionResults, message } of Report.parse(JSON.parse(readFileSync(report, 'utf8'))).testResults) {
      for (const { fullName, status } of assertionResults)
        if (status === 'passed') notes.count('tests passed');
        else notes.violate(`${file}: ${fullName} (${status})`);
      if (assertionResults.length === 0) notes.violate(`${file}: ${message.split('\n')[0]}`);
    }
    if (code !== 0 && notes.violations.length === 0) notes.violate(`${file}: vitest ended with exit code ${code}`);
  } finally {
    folder.remove();
  }
  return notes;
}
