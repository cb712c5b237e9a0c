import { describe, expect, it } from 'vitest';
import { manifestKey, membersKey, planKey, runRecordKey } from '../../../lib/domain/backup/keys.ts';
import { type OpenUpload, planSweep, type SweepSettings, type SweptObject } from '../../../lib/domain/retention/sweep.ts';
import { confirmSweep, manifestsToMiss } from '../../../lib/domain/retention/sweep-confirm.ts';
import type { SweepPlan } from '../../../lib/domain/retention/sweep-decision.ts';
import { slotOf } from '../../../lib/domain/time/slot.ts';

const NOW = new Date('2026-04-19T03:00:00Z');
const HOUR = 3_600_000;
const at = (hoursAgo: number): Date => new Date(NOW.getTime() - hoursAgo * HOUR);
const object = (key: string, hoursAgo: number): SweptObject => ({ key, lastModified: at(hoursAgo) });
const committed = (key: string, hoursAgo: number): SweptObject[] => [object(key, hoursAgo), object(manifestKey(key), hoursAgo)];
const upload = (key: string, hoursAgo: number): OpenUpload => ({ key, uploadId: `upload of ${key}`, initiated: at(hoursAgo) });

const ORPHAN = 'daily/app_20260417_020000.dump';
const TONIGHT = 'daily/app_20260419_020000.dump';
const fresh = committed(TONIGHT, 0);
const sha256 = 'abcdef0123456789'.repeat(4);

interface Given extends Partial<SweepSettings> {
  readonly objects?: readonly SweptObject[];
  readonly uploads?: readonly OpenUpload[];
}

/** Objects are brought into the order of a listing. */
function plan({ objects = [], uploads = [], ...settings }: Given): SweepPlan {
  const sorted = [...objects].sort((a, b) => (a.key < b.key ? -1 : 1));
  return planSweep({ now: NOW, longestRunHours: 13, objects: sorted, uploads, ...settings });
}

/** `remove daily/app_20260417_020000.dump no-manifest` */
const lines = (given: Given): string[] =>
  plan(given).decisions.map(({ action, key, reason }) => `${action} ${key} ${reason.code}`);

describe('an artifact without a manifest', () => {
  it('is removed when no run can be writing it any more, with the lists of its members', () => {
    const members = membersKey('weekly/tree_20260417_020000.tar.gz', sha256);
    const tree = [object('weekly/tree_20260417_020000.tar.gz', 48), object(members, 48)];
    expect(lines({ objects: [object(ORPHAN, 49), ...tree, ...fresh] })).toEqual([
      `remove ${ORPHAN} no-manifest`,
      'remove weekly/tree_20260417_020000.tar.gz no-manifest',
      `remove ${members} no-manifest`,
    ]);
  });

  it('stays while it was written within the longest run, however old its slot is', () => {
    expect(lines({ objects: [object(ORPHAN, 13), ...fresh] })).toEqual([`leave ${ORPHAN} may-be-in-flight`]);
  });

  it('stays while its slot is within the longest run, or ahead, however old the object is', () => {
    expect(lines({ objects: [object('daily/web_20260418_150000.dump', 49), ...fresh] })).toEqual([
      'leave daily/web_20260418_150000.dump may-be-in-flight',
    ]);
    expect(lines({ objects: [object('daily/web_20380119_031408.dump', 49), ...fresh] })).toEqual([
      'leave daily/web_20380119_031408.dump may-be-in-flight',
    ]);
  });

  it('stays as long as the youngest of what belongs to it', () => {
    const tree = 'daily/tree_20260417_020000.tar.zst';
    expect(lines({ objects: [object(tree, 49), object(membersKey(tree, sha256), 2), ...fresh] })).toEqual([
      `leave ${tree} may-be-in-flight`,
      `leave ${membersKey(tree, sha256)} may-be-in-flight`,
    ]);
    expect(lines({ objects: [object(tree, 2), object(membersKey(tree, sha256), 49), ...fresh] })).toEqual([
      `leave ${tree} may-be-in-flight`,
      `leave ${membersKey(tree, sha256)} may-be-in-flight`,
    ]);
  });

  it('is removed from the archive as well, where it would block its date for good; its age is not that of its data', () => {
    const archive = 'archive/rpps_2026-01-15.tar.gz';
    expect(lines({ objects: [object(archive, 49), ...fresh] })).toEqual([`remove ${archive} no-manifest`]);
    expect(lines({ objects: [object(archive, 2), ...fresh] })).toEqual([`leave ${archive} may-be-in-flight`]);
    const ahead = 'archive/rpps_2030-01-01.tar.gz';
    expect(lines({ objects: [object(ahead, 49), ...fresh] })).toEqual([`remove ${ahead} no-manifest`]);
  });

  it('is told apart from one of another format under the same name', () => {
    const plain = 'daily/app_20260417_020000.dump';
    const objects = [object(plain, 49), ...committed(`${plain}.age`, 49), ...fresh];
    expect(lines({ objects })).toEqual([`remove ${plain} no-manifest`]);
  });
});

it('never touches what has a manifest', () => {
  const tree = 'monthly/tree_20250101_020000.tar.gz';
  const objects = [...committed(ORPHAN, 49), ...committed(tree, 9999), object(membersKey(tree, sha256), 9999), ...fresh];
  expect(plan({ objects })).toEqual({ decisions: [], counts: {} });
});

it('reports a manifest whose artifact is gone, and leaves it and the list of its members', () => {
  const tree = 'weekly/tree_20260401_020000.tar.gz';
  const objects = [object(manifestKey(tree), 400), object(membersKey(tree, sha256), 400), ...fresh];
  expect(lines({ objects })).toEqual([`leave ${manifestKey(tree)} damaged`]);
});

it('reports keys that nightproof does not write, and leaves them', () => {
  const foreign = ['daily/notes.txt', 'daily/App_20260101_020000.dump', 'weekly/app_20260230_020000.dump', 'readme.md'];
  const known = ['runs/2026/04/20260401_020000/plan.json', 'drills/app_20260401_020000/20260402_050000.json'];
  const objects = [...foreign, ...known].map((key) => object(key, 999));
  const decided = lines({ objects: [...objects, ...fresh], uploads: [upload('films/holiday.mp4', 999)] });
  expect(decided.sort()).toEqual([...foreign, 'films/holiday.mp4'].map((key) => `leave ${key} unknown-key`).sort());
});

it('aborts an upload that is open for longer than any run, and no other', () => {
  const uploads = [upload(ORPHAN, 49), upload('weekly/app_20260412_020000.dump', 13)];
  expect(plan({ uploads, objects: fresh }).decisions).toEqual([
    {
      key: ORPHAN,
      uploadId: `upload of ${ORPHAN}`,
      action: 'abort',
      reason: { code: 'upload-abandoned', text: 'open since 2026-04-17T02:00:00.000Z, and no run lasts longer than 13 hours' },
    },
    {
      key: 'weekly/app_20260412_020000.dump',
      uploadId: 'upload of weekly/app_20260412_020000.dump',
      action: 'leave',
      reason: { code: 'may-be-in-flight', text: 'a run lasts up to 13 hours, and may be writing it' },
    },
  ]);
});

describe('a wrong clock', () => {
  const flying = { objects: [object(TONIGHT, 0)], uploads: [upload('daily/big_20260418_160000.dump', 11)] };

  it.each(['2027-04-19T03:00:00Z', '2038-01-19T03:14:08Z', '1970-01-01T00:00:00Z', 'not a time'])(
    'takes nothing that is in flight when it shows %s',
    (now) => {
      expect(new Set(plan({ ...flying, now: new Date(now) }).decisions.map(({ action }) => action))).toEqual(new Set(['leave']));
    },
  );
});

describe('another run', () => {
  const run = { slot: slotOf(at(5)), attempt: 2, plan: 'media' };
  const orphan = object(ORPHAN, 49);

  it('keeps every artifact in place while it may be alive, since it may adopt one', () => {
    const objects = [orphan, object(planKey(run), 5), ...fresh];
    expect(lines({ objects, uploads: [upload(ORPHAN, 49)] })).toEqual([
      `abort ${ORPHAN} upload-abandoned`,
      `leave ${ORPHAN} run-alive`,
    ]);
  });

  it('is over when it has left its record, or when no run lasts so long', () => {
    const over = [orphan, object(planKey(run), 5), object(runRecordKey(run), 4), ...fresh];
    expect(lines({ objects: over })).toEqual([`remove ${ORPHAN} no-manifest`]);
    const killed = [orphan, object(planKey(run), 14), ...fresh];
    expect(lines({ objects: killed })).toEqual([`remove ${ORPHAN} no-manifest`]);
  });

  it('is not over because an earlier attempt at its slot has left a record', () => {
    const objects = [orphan, object(planKey(run), 5), object(runRecordKey({ ...run, attempt: 1 }), 4), ...fresh];
    expect(lines({ objects })).toEqual([`leave ${ORPHAN} run-alive`]);
  });

  it('is not the run that sweeps', () => {
    const own = planKey(run);
    expect(lines({ objects: [orphan, object(own, 5), ...fresh], own })).toEqual([`remove ${ORPHAN} no-manifest`]);
  });
});

describe('a listing that may not be whole', () => {
  it('removes nothing when it does not show the plan of the run that sweeps', () => {
    const own = 'runs/2026/04/20260419_020000/plan.json';
    expect(lines({ objects: [object(ORPHAN, 49), ...fresh], own })).toEqual([`leave ${ORPHAN} listing-in-doubt`]);
  });

  it('removes nothing when objects come out of order', () => {
    const objects = [object('weekly/app_20260412_020000.dump', 200), object(ORPHAN, 49), ...fresh];
    const { decisions } = planSweep({ now: NOW, longestRunHours: 13, objects, uploads: [] });
    expect(decisions.map(({ action, reason }) => `${action} ${reason.code}`)).toEqual(Array(2).fill('leave listing-in-doubt'));
  });

  it('removes nothing when a manifest that it did not show is there after all', () => {
    const other = 'daily/web_20260417_020000.dump';
    const first = plan({ objects: [object(ORPHAN, 49), object(other, 49), ...fresh], uploads: [upload(ORPHAN, 49)] });
    expect(manifestsToMiss(first)).toEqual([manifestKey(ORPHAN), manifestKey(other)]);
    expect(confirmSweep(first, new Set())).toBe(first);

    const second = confirmSweep(first, new Set([manifestKey(other)]));
    expect(second.decisions.map(({ action, key, reason }) => `${action} ${key} ${reason.code}`)).toEqual([
      `leave ${ORPHAN} listing-in-doubt`,
      `leave ${other} listing-in-doubt`,
      `abort ${ORPHAN} upload-abandoned`,
    ]);
    expect(second.counts).toEqual({ 'upload-abandoned': 1, 'listing-in-doubt': 2 });
  });

  it('looks for one manifest of an artifact and the lists of its members', () => {
    const tree = 'daily/tree_20260417_020000.tar.gz';
    const objects = [object(tree, 49), object(membersKey(tree, sha256), 49), ...fresh];
    expect(manifestsToMiss(plan({ objects }))).toEqual([manifestKey(tree)]);
  });
});

describe('the cap', () => {
  const orphans = Array.from({ length: 700 }, (_, i) => object(`daily/db${i}_20260401_020000.dump`, 100 + i));

  it('lets the oldest go first and leaves the rest for later runs', () => {
    const { decisions, counts } = plan({ objects: [...orphans.slice(0, 4), ...fresh], max: 2 });
    expect(decisions.map(({ action, key }) => `${action} ${key.slice(6, 9)}`)).toEqual([
      'remove db3',
      'remove db2',
      'leave db1',
      'leave db0',
    ]);
    expect(counts).toEqual({ 'no-manifest': 2, 'sweep-cap': 2 });
  });

  it('is not reached by what is too young, however much of it there is', () => {
    const young = Array.from({ length: 10_001 }, (_, i) => object(`daily/a${i}_20260419_020000.dump`, 1));
    expect(plan({ objects: [...young, object(ORPHAN, 49)] }).counts).toEqual({ 'no-manifest': 1, 'may-be-in-flight': 10_001 });
  });

  it('is 500 objects and 500 uploads, and of what stays only a hundred of a kind are named', () => {
    const { decisions, counts } = plan({ objects: [...orphans, ...fresh], uploads: orphans.map(({ key }) => upload(key, 200)) });
    expect(counts).toEqual({ 'no-manifest': 500, 'upload-abandoned': 500, 'sweep-cap': 400 });
    expect(decisions.filter(({ action }) => action === 'leave')).toHaveLength(100);
  });
});
