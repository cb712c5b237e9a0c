import { plural } from '../../domain/plain-text.ts';
import { NIGHTLY } from '../../domain/run/plan-name.ts';
import type { Vault } from '../../runtime/vault.ts';
import { knownPlans } from '../list/known-runs.ts';
import type { Backend, Place } from '../place/backend.ts';
import type { CliContext } from '../place/context.ts';
import { secretsIn } from '../place/needed-secrets.ts';
import type { Check, Operations } from '../place/operations.ts';
import { withBackend } from '../place/with-backend.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { explain } from '../terminal/explain.ts';
import { hanging } from '../terminal/fields.ts';
import type { Terminal, Tone } from '../terminal/terminal.ts';
import { DoctorOutput } from './doctor-output.ts';

/** Looks whether everything is in place that a run needs, and that starts it. Nothing is changed. Ends with 1 where something is bad. */
export async function doctor(context: CliContext, place: Place, { json }: { readonly json?: boolean }): Promise<ExitCode> {
  return withBackend(context, place, { does: 'read' }, async (backend) => {
    const operations = await backend.operations();
    try {
      const checks = await look(backend, operations, context.now());
      const bad = checks.filter(({ state }) => state === 'bad').length;
      if (json) context.terminal.json(DoctorOutput.parse(output(checks, backend, { bad, at: context.now() })));
      else context.terminal.result(lines(checks, backend, { bad, terminal: context.terminal }));
      return bad > 0 ? EXIT.unverified : EXIT.done;
    } finally {
      operations.close();
    }
  });
}

async function look({ vault }: Backend, operations: Operations, now: Date): Promise<readonly Check[]> {
  const listed = await vaultCheck(vault);
  if (listed.state === 'bad') return [listed, ...(await operations.checks([]))];
  const schedules = await operations.schedules().catch(() => []);
  const names = [...new Set([NIGHTLY, ...schedules.map(({ plan }) => plan)])];
  const plans = await knownPlans(vault, now, names);
  const secrets = secretsIn(plans.flatMap(({ written }) => written));
  return [listed, ...(await operations.checks(secrets)), ...(plans.some(({ last }) => last) ? [] : [NO_RUN])];
}

const NO_RUN: Check = {
  what: 'secrets',
  state: 'unchecked',
  text: 'no run was made yet, and only the plan of a run says which secrets there have to be',
};

async function vaultCheck(vault: Vault): Promise<Check> {
  const what = 'vault';
  try {
    // the first page is enough to know
    for await (const _ of vault.list('runs/')) break;
    return { what, state: 'ok', text: `${vault.bucket} can be listed` };
  } catch (thrown) {
    const { message, remedy } = explain(thrown);
    return { what, state: 'bad', text: `${vault.bucket} cannot be listed: ${message}`, remedy };
  }
}

const LABELS = {
  ok: ['ok ', 'good'],
  bad: ['BAD', 'bad'],
  unchecked: ['-  ', 'quiet'],
} as const satisfies Record<Check['state'], readonly [string, Tone]>;

function lines(
  checks: readonly Check[],
  { name }: Backend,
  { bad, terminal }: { readonly bad: number; readonly terminal: Terminal },
): readonly string[] {
  const unchecked = checks.filter(({ state }) => state === 'unchecked').length;
  const rest = unchecked > 0 ? `, ${unchecked} not checked` : '';
  return [
    ...checks.flatMap(({ what, state, text, remedy }) => {
      const [label, tone] = LABELS[state];
      const [first = '', ...more] = hanging('     ', `${what}: ${text}`);
      return [
        `${terminal.paint(tone, label)}  ${first.trimStart()}`,
        ...more,
        ...(remedy === undefined ? [] : hanging('       What to do  ', remedy)),
      ];
    }),
    '',
    `${plural(checks.length - unchecked, 'check')} of ${name}: ${bad === 0 ? 'all ok' : `${bad} bad`}${rest}`,
  ];
}

const output = (
  checks: readonly Check[],
  { name }: Backend,
  { bad, at }: { readonly bad: number; readonly at: Date },
): DoctorOutput => ({
  version: 1,
  kind: 'doctor',
  place: name,
  at: at.toISOString(),
  bad,
  checks: checks.map(({ what, state, text, remedy }) => ({ what, state, text, remedy: remedy ?? null })),
});
