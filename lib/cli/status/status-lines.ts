import { instantOf } from '../../domain/time/slot.ts';
import { showSchedule } from '../doctor/installed-schedule.ts';
import type { LastRun } from '../list/known-runs.ts';
import type { Backend } from '../place/backend.ts';
import { hanging, showInstant } from '../terminal/fields.ts';
import { type Cell, type Column, renderTable } from '../terminal/table.ts';
import type { Terminal, Tone } from '../terminal/terminal.ts';
import { showAge } from './age.ts';
import type { DuePlan, SourceAge } from './freshness.ts';
import { isOverdue, type Status } from './status-look.ts';

const PLANS: readonly Column[] = [
  { title: 'PLAN' },
  { title: 'SCHEDULE', shrinks: true },
  { title: 'LAST RUN' },
  { title: 'RESULT' },
  { title: 'AGE', align: 'right' },
  { title: 'NEXT RUN' },
];

const SOURCES: readonly Column[] = [
  { title: 'SOURCE', shrinks: true },
  { title: 'PLAN' },
  { title: 'NEWEST BACKUP' },
  { title: 'AGE', align: 'right' },
  { title: 'STATE' },
];

type Paint = (tone: Tone, text: string) => Cell;

/** What an operator wants to know in the morning: whether everything is there, and what comes next. */
export function statusLines(status: Status, { vault, name, flags }: Backend, terminal: Terminal): readonly string[] {
  const { at, plans, sources, running, alarms } = status;
  const paint: Paint = (tone, text) => ({ text, paint: (shown) => terminal.paint(tone, shown) });
  const table = (columns: readonly Column[], rows: readonly (readonly Cell[])[]): readonly string[] =>
    renderTable(columns, rows, terminal.resultColumns);
  const overdue = isOverdue(status);
  return [
    overdue ? terminal.paint('bad', 'SOMETHING IS OVERDUE') : terminal.paint('good', 'Everything that was due is there.'),
    '',
    ...table(
      PLANS,
      plans.map((plan) => planRow(plan, at, paint)),
    ),
    ...(sources.length > 0
      ? [
          '',
          ...table(
            SOURCES,
            sources.map((source) => sourceRow(source, at, paint)),
          ),
        ]
      : []),
    ...(running && running.length > 0
      ? [
          '',
          'RUNNING',
          ...running.map((one) => `  ${one.executionArn}, for ${showAge((at.getTime() - one.startedAt.getTime()) / 1000)}`),
        ]
      : []),
    ...(alarms && alarms.length > 0
      ? [
          '',
          terminal.paint('bad', 'ALARMS'),
          ...alarms.flatMap((alarm) => hanging('  ', `${alarm.name} since ${showInstant(alarm.since)}: ${alarm.description}`)),
        ]
      : []),
    ...(running === undefined
      ? ['', 'Nothing starts by itself here, and there are no alarms: a local cloud is up only while a run is.']
      : []),
    '',
    `Vault   ${vault.bucket} (${name})`,
    ...(overdue ? [`Detail  nightproof show latest${flags}`, `Check   nightproof doctor${flags}`] : []),
  ];
}

function planRow({ known, schedule, dueAt, nextAt, freshness }: DuePlan, at: Date, paint: Paint): readonly Cell[] {
  const { plan, last } = known;
  return [
    plan,
    schedule ? showSchedule(schedule) : '-',
    last?.run.slot ?? '-',
    freshness === 'overdue' ? paint('bad', `MISSED: ${dueAt ? stamp(dueAt) : ''}`) : resultOf(last, paint),
    last ? showAge((at.getTime() - last.startedAt.getTime()) / 1000) : '-',
    nextAt ? stamp(nextAt) : schedule && !schedule.enabled ? 'none: disabled' : 'not known',
  ];
}

const RESULTS = {
  ok: ['ok', 'good'],
  warning: ['WARNING', 'doubtful'],
  failed: ['FAILED', 'bad'],
} as const;

function resultOf(last: LastRun | undefined, paint: Paint): Cell {
  if (!last) return 'never';
  if (last.status) {
    const [text, tone] = RESULTS[last.status];
    return paint(tone, text);
  }
  return last.state === 'running' ? paint('doubtful', 'running') : paint('bad', last.state === 'lost' ? 'LOST' : 'ENDED');
}

function sourceRow({ sourceId, plan, newest, overdueSince, freshness }: SourceAge, at: Date, paint: Paint): readonly Cell[] {
  return [
    sourceId,
    plan === undefined ? '-' : plan,
    newest ?? 'none',
    newest ? showAge((at.getTime() - instantOf(newest).getTime()) / 1000) : '-',
    stateOf(freshness, overdueSince, paint),
  ];
}

function stateOf(freshness: SourceAge['freshness'], since: Date | undefined, paint: Paint): Cell {
  switch (freshness) {
    case 'ok':
      return paint('good', 'ok');
    case 'running':
      return paint('doubtful', 'running');
    case 'overdue':
      return paint('bad', `OVERDUE since ${since ? stamp(since) : 'ever'}`);
    case 'unscheduled':
      return 'not scheduled';
  }
}

/** `2026-04-20 02:00 UTC` */
const stamp = (instant: Date): string => `${instant.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
