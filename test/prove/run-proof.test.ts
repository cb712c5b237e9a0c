import { describe, expect, it } from 'vitest';
import type { CaseResult } from '../support/faults/case-result.ts';
import { drawCase } from '../support/faults/draw-case.ts';
import { FAULT_KINDS } from '../support/faults/fault-kinds.ts';
import { proofPage } from './proof-record.ts';
import { NOTHING_DONE, type Progress, runProof } from './run-proof.ts';

const GOOD: CaseResult = { tally: { seen: 1 }, worst: {}, violations: [] };

const run = (before: Progress, until: number, of: (index: number) => CaseResult, stopAfter = Number.POSITIVE_INFINITY) => {
  const asked: number[] = [];
  const bench = {
    parallel: 3,
    close: async () => undefined,
    run: async (_: number, index: number) => {
      asked.push(index);
      // those asked first answer last
      for (let turn = 0; turn < 5 - (index % 5); turn++) await Promise.resolve();
      return of(index);
    },
  };
  const goOn = () => asked.length < stopAfter;
  return runProof(bench, { seed: 1, before, until, goOn, progress: () => undefined }).then((ended) => ({ ...ended, asked }));
};

describe('a proof', () => {
  it('goes on with the next case numbers after it was ended early, and counts each once', async () => {
    const first = await run(NOTHING_DONE, 20, () => GOOD, 7);
    expect(first.progress).toMatchObject({ next: 7, tally: { seen: 7 } });
    const second = await run(first.progress, 20, () => GOOD);
    expect(second.progress).toMatchObject({ next: 20, tally: { seen: 20 } });
    expect([...first.asked, ...second.asked].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  it('ends at the first violation and says which case it was', async () => {
    const ended = await run(NOTHING_DONE, 100, (index) => (index === 11 ? { ...GOOD, violations: ['called good'] } : GOOD));
    expect(ended.violation).toEqual({ index: 11, what: ['called good'] });
    expect(ended.asked.length).toBeLessThan(20);
  });

  it('is told as incomplete where not all of its cases were done', () => {
    const versions = { nightproof: ['abc'], node: '24', postgresql: ['18.4'], versitygw: '1.8.0' };
    const facts = { proof: 'faults', claim: 'It holds.', date: '2026-11-27', seed: 1, figures: {}, tally: {}, worst: {} };
    const record = { ...facts, missing: [], violations: [], seconds: 60, versions, machine: '2 cores' };
    const cases = { asked: 10_000, done: 9_999 };
    expect(proofPage({ ...record, complete: false, cases })).toContain('**incomplete: 9,999 of 10,000 cases**');
  });
});

describe('a case', () => {
  it('is the same for the same seed and number, and another for others', () => {
    expect(drawCase(7, 1234)).toEqual(drawCase(7, 1234));
    expect(drawCase(7, 1235).faults).not.toEqual(drawCase(7, 1234).faults);
    expect(drawCase(8, 1234).faults).not.toEqual(drawCase(7, 1234).faults);
  });

  it('draws every kind of fault often enough in ten thousand', () => {
    const drawn = Array.from({ length: 10_000 }, (_, index) => drawCase(1, index).faults.map(({ kind }) => kind)).flat();
    for (const kind of FAULT_KINDS) expect(drawn.filter((one) => one === kind).length, kind).toBeGreaterThan(50);
  });

  it('never draws what this machine cannot do', () => {
    const drawn = Array.from({ length: 2_000 }, (_, index) => drawCase(1, index, ['disk-full']).faults).flat();
    expect(drawn.filter(({ kind }) => kind === 'disk-full')).toEqual([]);
  });
});
