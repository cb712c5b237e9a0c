import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readAssembly } from '../../local/cloud/assembly.ts';
import { installedSchedule } from '../doctor/installed-schedule.ts';
import { CliError } from '../terminal/cli-error.ts';
import { readLocalSecrets } from './local-secrets.ts';
import type { Machine } from './machine.ts';
import type { Check, InstalledSchedule, Operations } from './operations.ts';
import { MACHINE_OUTPUTS } from './stack-outputs.ts';

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
  return Object.entries(template?.Resources ?? {}).flatMap(([name, { Type, Properties = {} }]) => {
    if (Type !== 'AWS::Scheduler::Schedule') return [];
    const { ScheduleExpression, ScheduleExpressionTimezone } = Properties;
    const target = Properties.Target as { readonly Arn?: unknown; readonly Input?: unknown } | undefined;
    return [
      installedSchedule({
        name,
        starts: machineIn(template, target?.Arn),
        expression: textIn(ScheduleExpression),
        timeZone: textIn(ScheduleExpressionTimezone),
        state: 'DISABLED',
        input: textIn(target?.Input),
      }),
    ];
  });
}

const textIn = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The state machine whose ARN both the target of a schedule and an output of the stack refer to. */
const machineIn = (template: Template | undefined, arn: unknown): Machine | undefined =>
  (Object.keys(MACHINE_OUTPUTS) as Machine[]).find((machine) =>
    isDeepStrictEqual(template?.Outputs?.[MACHINE_OUTPUTS[machine]]?.Value, arn),
  );

type Template = ReturnType<typeof readAssembly>['template'];

function templateIn(dir: string): Template | undefined {
  const folder = join(dir, 'cdk.out');
  return existsSync(join(folder, 'manifest.json')) ? readAssembly(folder).template : undefined;
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
