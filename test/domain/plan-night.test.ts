import { describe, expect, it } from 'vitest';
import { InputRefused, judgeClaim, readRequest } from '../../lib/domain/plan-night.ts';
import { execution, minutesAfter, planOf, SUNDAY, sourceOf } from '../support/night.ts';

const sources = [sourceOf('aletheia_prod'), sourceOf('rpps_prod'), sourceOf('rarely', { enabled: false })];
const started = minutesAfter(SUNDAY, 1);
const read = (input: unknown) => readRequest(input, sources, started);

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
    const late = readRequest({ scheduledTime: '2026-04-19T02:00:00Z' }, sources, minutesAfter(SUNDAY, 1439));
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
    ['an unknown key', { source: ['rpps_prod'] }, /unknown "source"; allowed here: sources, reason, slot/],
    [
      'a key beside the scheduled time',
      { scheduledTime: '2026-04-19T02:00:00Z', sources: ['rpps_prod'] },
      /unknown "sources"; allowed here: scheduledTime/,
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
    expect(() => readRequest({ sources: ['x'] }, fleet, started)).toThrow(/db49 and 2950 more/);
    expect(refusal({ sources: ['A'.repeat(5000)] }).length).toBeLessThan(500);
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
