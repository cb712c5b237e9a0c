import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readAssembly } from '../../local/cloud/assembly.ts';
import { installedSchedule } from '../doctor/installed-schedule.ts';
import { CliError } from '../terminal/cli-error.ts';
import { readLocalSecrets } from './local-secrets.ts';
import type { Check, InstalledSchedule, Operations } from './operations.ts';

const NOT_HERE = 'a local cloud is up only while a run is: nothing of it can be asked in between';

/** What there is of a local cloud between two runs: the vault, what was synthesized, and the secrets. */
export const localOperations = (dir: string): Operations => ({
  schedules: async () => schedulesIn(dir),
  running: async () => undefined,
  alarms: async () => undefined,
  checks: async (secrets) => [
    assemblyCheck(dir),
    secretsCheck(dir, secrets),
    ...['schedules', 'dead letters', 'subscriptions', 'alarms'].map(
      (what): Check => ({ what, state: 'unchecked', text: NOT_HERE }),
    ),
  ],
  close: () => undefined,
});

/** Schedules of the template. None of them starts anything here. */
function schedulesIn(dir: string): readonly InstalledSchedule[] {
  const template = templateIn(dir);
  return Object.entries(template ?? {}).flatMap(([name, { Type, Properties = {} }]) => {
    if (Type !== 'AWS::Scheduler::Schedule') return [];
    const { ScheduleExpression, ScheduleExpressionTimezone, Target } = Properties;
    return [
      installedSchedule({
        name,
        expression: textIn(ScheduleExpression),
        timeZone: textIn(ScheduleExpressionTimezone),
        state: 'DISABLED',
        input: textIn((Target as { readonly Input?: unknown } | undefined)?.Input),
      }),
    ];
  });
}

const textIn = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

type Resources = ReturnType<typeof readAssembly>['template']['Resources'];

function templateIn(dir: string): Resources | undefined {
  const folder = join(dir, 'cdk.out');
  return existsSync(join(folder, 'manifest.json')) ? readAssembly(folder).template.Resources : undefined;
}

function assemblyCheck(dir: string): Check {
  const what = 'synthesized stack';
  if (templateIn(dir)) return { what, state: 'ok', text: `there (${join(dir, 'cdk.out')})` };
  const remedy = `A first run makes it: nightproof run --local ${dir} --config nightproof.yaml`;
  return { what, state: 'bad', text: `${join(dir, 'cdk.out')} holds none: no run was made here yet`, remedy };
}

/** Whether each secret is there. Values are looked at by nobody. */
function secretsCheck(dir: string, secrets: readonly string[]): Check {
  const what = 'secrets.json';
  try {
    readLocalSecrets(join(dir, what), secrets);
    return {
      what,
      state: 'ok',
      text: `readable for you only, with ${secrets.length === 0 ? 'nothing missing' : secrets.join(', ')}`,
    };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { what, state: 'bad', text: error.message, remedy: error.remedy };
  }
}
