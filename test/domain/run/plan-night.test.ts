import { describe, expect, it } from 'vitest';
import { alreadyVerifiedIn, groupsOf, jobsOf, judgeClaim, readRequest, sourcesOf } from '../../../lib/domain/run/plan-night.ts';
import { InputRefused } from '../../../lib/domain/run/refused-input.ts';
import { type Found, NOTHING_FOUND } from '../../../lib/domain/source/found.ts';
import { configOf, execution, minutesAfter, planOf, SUNDAY, sourceOf } from '../../support/night.ts';
import { configFilesOf, datedFolderOf, datedFoldersOf, filesOf, globalsOf, serverOf } from '../../support/sources.ts';

const sources = [sourceOf('aletheia_prod'), sourceOf('rpps_prod'), sourceOf('rarely', { enabled: false })];
const started = minutesAfter(SUNDAY, 1);
const read = (input: unknown) => readRequest(input, configOf(sources), started);

function refusal(input: unknown): string {
  try {
    read(input);
  } catch (error) {
    if (error instanceof InputRefused) return error.message;
    throw error;
  }
  throw new Error('was not refused');
}

describe('the input of an execution', () => {
  it('takes the slot of a nightly run from the schedule, and the enabled sources', () => {
    const request = read({ scheduledTime: '2026-04-19T02:00:00Z' });
    expect(request).toMatchObject({ slot: SUNDAY, trigger: 'schedule', finishes: false });
    expect(request.sources.map(({ id }) => id)).toEqual(['aletheia_prod', 'rpps_prod']);
  });

  it('keeps the slot of a schedule that started hours late', () => {
    const late = readRequest({ scheduledTime: '2026-04-19T02:00:00Z' }, configOf(sources), minutesAfter(SUNDAY, 1439));
    expect(late.slot).toBe(SUNDAY);
  });

  it('takes the start as the slot of a run by hand, and every enabled source where none is named', () => {
    const request = read({});
    expect(request).toMatchObject({ slot: '20260419_020100', trigger: 'manual' });
    expect(request.sources).toHaveLength(2);
  });

  it('lets a run by hand name a source that is not enabled, once however often it is named', () => {
    const request = read({ sources: ['rarely', 'rarely'], reason: 'before the migration' });
    expect(request.sources.map(({ id }) => id)).toEqual(['rarely']);
    expect(request.reason).toBe('before the migration');
  });

  it.each<[string, unknown, RegExp]>([
    ['an unknown key', { source: ['rpps_prod'] }, /unknown "source"; allowed here: sources, plan, reason, slot/],
    [
      'a key beside the scheduled time',
      { scheduledTime: '2026-04-19T02:00:00Z', sources: ['rpps_prod'] },
      /unknown "sources"; allowed here: scheduledTime, plan/,
    ],
    ['the example that the console fills in', { Comment: 'Insert your JSON here' }, /unknown "Comment"/],
    ['an unknown id', { sources: ['rpps'] }, /no source has the id "rpps"; there are: aletheia_prod, rpps_prod, rarely/],
    ['an id with ..', { sources: ['../rpps_prod'] }, /sources\[0\] "\.\.\/rpps_prod": must be lower-case letters/],
    ['an id with =', { sources: ['dbname=x'] }, /"dbname=x": must be/],
    ['an id with a space', { sources: ['rpps prod'] }, /"rpps prod": must be/],
    ['an id with a leading -', { sources: ['--file'] }, /"--file": must be/],
    ['an id that is no text', { sources: [7] }, /sources\[0\] 7: /],
    ['no ids', { sources: [] }, /sources \[\]: /],
    ['one id not in a list', { sources: 'rpps_prod' }, /sources "rpps_prod": /],
    ['an impossible slot', { slot: '20260230_020000' }, /slot "20260230_020000": must be a slot in UTC/],
    ['a slot in the future', { slot: '20260420_020000' }, /lies in the future/],
    ['a time in the future', { scheduledTime: '2026-04-19T03:00:00Z' }, /lies in the future/],
    ['a time that is none', { scheduledTime: 'tonight' }, /scheduledTime "tonight": /],
    ['a text', 'rpps_prod', /must be a JSON object/],
    ['a list', ['rpps_prod'], /must be a JSON object/],
    ['nothing', null, /must be a JSON object/],
  ])('refuses %s', (_, input, message) => {
    expect(refusal(input)).toMatch(message);
  });

  it('names every problem at once', () => {
    const message = refusal({ sources: ['a b', 'rpps_prod', '-x'], slot: 'now', dry: true });
    for (const part of ['sources[0]', 'sources[2]', 'slot "now"', 'unknown "dry"']) expect(message).toContain(part);
  });

  it('lists the first of a large fleet only, and cuts what it quotes', () => {
    const fleet = Array.from({ length: 3000 }, (_, n) => sourceOf(`db${n}`));
    expect(() => readRequest({ sources: ['x'] }, configOf(fleet), started)).toThrow(/db49 and 2950 more/);
    expect(refusal({ sources: ['A'.repeat(5000)] }).length).toBeLessThan(500);
  });
});

describe('the plan of an execution', () => {
  const schedule = { cron: '0 3 * * SUN', timeZone: 'Europe/Paris', enabled: true, startTolerance: '1h' };
  const offer = configOf(
    [
      sourceOf('app'),
      filesOf('media', { plan: 'media' }),
      filesOf('old', { plan: 'media', enabled: false }),
      globalsOf('roles', { plan: 'nightly' }),
      configFilesOf('env', { plan: 'manual' }),
    ],
    { schedules: { media: schedule } },
  );
  const readAt = (input: unknown, minutes = 1) => readRequest(input, offer, minutesAfter(SUNDAY, minutes));
  const idsOf = (input: unknown) => readAt(input).sources.map(({ id }) => id);
  const at = { scheduledTime: '2026-04-19T02:00:00Z' };

  it('decides which sources a scheduled run backs up', () => {
    expect(idsOf(at)).toEqual(['app', 'roles']);
    expect(idsOf({ ...at, plan: 'nightly' })).toEqual(['app', 'roles']);
    expect(idsOf({ ...at, plan: 'media' })).toEqual(['media']);
    expect(readAt({ ...at, plan: 'media' })).toMatchObject({ plan: 'media', slot: SUNDAY, trigger: 'schedule' });
  });

  it('can be named by hand, for all of its sources', () => {
    expect(idsOf({ plan: 'media' })).toEqual(['media']);
    expect(idsOf({})).toEqual(['app', 'roles']);
  });

  it('is none that sources without a schedule have: they run when they are named, whatever the plan', () => {
    expect(idsOf({ sources: ['env', 'media'] })).toEqual(['media', 'env']);
    expect(idsOf({ sources: ['env'], plan: 'media' })).toEqual(['env']);
  });

  it.each([
    ['in a schedule', { ...at, plan: 'sundays' }],
    ['by hand', { plan: 'sundays' }],
    ['that means no schedule', { plan: 'manual' }],
    ['of the language itself', { plan: 'constructor' }],
  ])('is refused where no such plan exists, with those that do: %s', (_, input) => {
    expect(() => readAt(input)).toThrow(/no plan has the name "\w+"; there are: nightly, media/);
  });

  it.each([[''], ['Media'], ['../media'], ['a b'], [7]])('is refused where it is no name: %o', (plan) => {
    expect(() => readAt({ plan })).toThrow(InputRefused);
  });

  it('tolerates a late start as far as its own schedule does, and says by how much it was later', () => {
    expect(readAt(at, 5)).not.toHaveProperty('lateSeconds');
    expect(readAt(at, 6)).toMatchObject({ lateSeconds: 360 });
    expect(readAt({ ...at, plan: 'media' }, 60)).not.toHaveProperty('lateSeconds');
    expect(readAt({ ...at, plan: 'media' }, 61)).toMatchObject({ lateSeconds: 3660 });
  });

  it('is never late by hand, though it finishes an earlier slot', () => {
    expect(readAt({ slot: SUNDAY }, 600)).not.toHaveProperty('lateSeconds');
  });

  it('starts a little before its time without harm: clocks differ', () => {
    expect(readAt(at, -1)).toMatchObject({ slot: SUNDAY });
    expect(readAt(at, -1)).not.toHaveProperty('lateSeconds');
  });
});

describe('the jobs of a run', () => {
  const plan = planOf([serverOf('all'), sourceOf('app'), filesOf('media'), datedFoldersOf('rpps', { volume: 'annuaire' })]);
  const found: Found = {
    ...NOTHING_FOUND,
    sources: [
      { ...sourceOf('all-crm'), foundBy: 'all' },
      { ...sourceOf('all-wiki'), foundBy: 'all' },
      datedFolderOf('rpps', '2026-04-15', { volume: 'annuaire' }),
    ],
    alreadyVerified: ['all-wiki'],
  };

  it('are its sources, each with the task that has its volume', () => {
    expect(jobsOf(plan)).toEqual([
      { id: 'app', task: 'plain' },
      { id: 'media', task: 'media' },
    ]);
  });

  it('are not its groups, which are looked into first', () => {
    expect(groupsOf(plan)).toEqual([
      { id: 'all', task: 'plain' },
      { id: 'rpps', task: 'annuaire' },
    ]);
  });

  it('are what groups hold as well, once that is known, but for what is verified already', () => {
    expect(jobsOf(plan, found)).toEqual([
      { id: 'app', task: 'plain' },
      { id: 'media', task: 'media' },
      { id: 'all-crm', task: 'plain' },
      { id: 'rpps_2026-04-15', task: 'annuaire' },
    ]);
    expect(sourcesOf(plan, found).map(({ id }) => id)).toEqual(['app', 'media', 'all-crm', 'all-wiki', 'rpps_2026-04-15']);
    expect([...alreadyVerifiedIn({ alreadyVerified: ['media'] }, found)]).toEqual(['media', 'all-wiki']);
  });
});

describe('a claim that is there already', () => {
  const plan = planOf(sources);
  it.each<[string, string, boolean, number, string]>([
    ['is ours in a repeated call', 'first', false, 1, 'ours'],
    ['is ours also when the lease has run out', 'first', false, 14 * 60, 'ours'],
    ['keeps others out while its owner may run', 'second', false, 13 * 60, 'busy'],
    ['is over when its run record is there', 'second', true, 1, 'over'],
    ['is over when no owner can be alive any more', 'second', false, 13 * 60 + 1, 'over'],
  ])('%s', (_, by, finished, minutes, verdict) => {
    expect(judgeClaim({ plan, finished }, execution(by), minutesAfter(SUNDAY, minutes))).toBe(verdict);
  });
});
