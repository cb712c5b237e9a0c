import fc from 'fast-check';
import { expect, it } from 'vitest';
import { artifactKey } from '../../../lib/domain/backup/keys.ts';
import { PROMOTED_TIERS, type Tier } from '../../../lib/domain/backup/tiers.ts';
import { planPromotions } from '../../../lib/domain/retention/promotion.ts';
import { planRetention, type VerifiedBackup } from '../../../lib/domain/retention/retention.ts';
import type { RetentionCode, RetentionDecision } from '../../../lib/domain/retention/retention-decision.ts';
import type { Keep } from '../../../lib/domain/source/source.ts';
import { type Slot, slotOf } from '../../../lib/domain/time/slot.ts';

/** Longer ones than those of retention-machine.test.ts, and with the promotions that the rules really make. */
const HISTORIES = 100_000;
const TIMEOUT = 300_000;
const HOUR = 3_600_000;

const age = fc.constantFrom('1d', '3d', '7d', '30d', '1w', '4w', '1mo', '1y');
const rule = fc.oneof(age, fc.constantFrom<string | number>(1, 2, 4, 7, 'forever'));
const keeps: fc.Arbitrary<Keep> = fc.record(
  { daily: rule, weekly: rule, monthly: rule, yearly: rule },
  { requiredKeys: ['daily'] },
);

/** Nights: good ones, failed ones, a second run on one day, outages of four to forty days. */
const history = fc.uint8Array({ minLength: 4, maxLength: 32 });

interface Night {
  readonly hours: number;
  readonly good: boolean;
}

function nightOf(byte: number): Night {
  if (byte < 140) return { hours: 24, good: true };
  if (byte < 220) return { hours: 24, good: false };
  if (byte < 240) return { hours: 5, good: true };
  return { hours: (byte - 239) * 60, good: true };
}

const put = (tier: Tier, slot: Slot): VerifiedBackup => ({
  key: artifactKey({ tier, sourceId: 'app', slot, format: 'dump' }),
  tier,
  slot,
});

const slotsIn = (vault: readonly VerifiedBackup[], tier: Tier): Slot[] =>
  vault.filter((backup) => backup.tier === tier).map(({ slot }) => slot);

const distinctNewestFirst = (vault: readonly VerifiedBackup[]): Slot[] =>
  [...new Set(vault.map(({ slot }) => slot))].sort().reverse();

/** What one good night does to the vault, up to retention. */
function afterPromotion(vault: readonly VerifiedBackup[], slot: Slot, keep: Keep): VerifiedBackup[] {
  const dailies = [...slotsIn(vault, 'daily'), slot];
  const copies = Object.fromEntries(PROMOTED_TIERS.map((tier) => [tier, slotsIn(vault, tier)]));
  const promotions = planPromotions({ slot, timeZone: 'Europe/Paris', weeklyDay: 'SUN', keep, dailies, copies });
  return [...vault, put('daily', slot), ...promotions.map(({ tier, from }) => put(tier, from))];
}

function survivors(vault: readonly VerifiedBackup[], decisions: readonly RetentionDecision[]): VerifiedBackup[] {
  const removed = new Set(decisions.filter(({ action }) => action === 'remove').map(({ key }) => key));
  return vault.filter(({ key }) => !removed.has(key));
}

/** Throws with what is wrong; `expect` would take longer than the code under test, which runs some millions of times. */
function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

function checkNight(
  before: readonly VerifiedBackup[],
  after: readonly VerifiedBackup[],
  decisions: readonly RetentionDecision[],
): void {
  const given = new Set(before.map(({ key }) => key));
  demand(
    decisions.length === given.size && decisions.every(({ key }) => given.has(key)),
    'decides on something not given, or not on all',
  );

  const had = distinctNewestFirst(before);
  const has = distinctNewestFirst(after);
  demand(has.length >= Math.min(2, had.length), 'fewer than two verified slots survive');
  demand(had[0] === has[0] && had[1] === has[1], 'one of the two newest slots is lost');
}

it(`never removes the last two verified backups, over ${HISTORIES.toLocaleString('en-US')} random histories with failures`, {
  timeout: TIMEOUT,
}, () => {
  let saved = 0;
  let removals = 0;
  fc.assert(
    fc.property(keeps, history, (keep, bytes) => {
      let vault: VerifiedBackup[] = [put('archive', slotOf(new Date(Date.UTC(2020, 0, 1))))];
      let time = Date.UTC(2026, 0, 1, 2);
      let now = new Date(time);
      let codes = new Set<RetentionCode>();
      let floorSpoke = false;
      for (const { hours, good } of [...bytes].map(nightOf)) {
        time += hours * HOUR;
        if (!good) continue;
        now = new Date(time + HOUR / 2);
        const before = afterPromotion(vault, slotOf(new Date(time)), keep);
        const decisions = planRetention({ now, keep, backups: before });
        vault = survivors(before, decisions);

        checkNight(before, vault, decisions);
        codes = new Set(decisions.flatMap(({ reasons }) => reasons.map(({ code }) => code)));
        floorSpoke ||= codes.has('floor-newest-verified');
        removals += before.length - vault.length;
      }
      if (floorSpoke) saved++;
      demand(slotsIn(vault, 'archive').length === 1, 'the archive is gone');
      const again = survivors(vault, planRetention({ now, keep, backups: vault }));
      demand(codes.has('removal-cap') || again.length === vault.length, 'a second plan removes more');
    }),
    { numRuns: HISTORIES },
  );
  // The histories must hold the danger they are to show: without the floor, so many of them would have lost one of the two.
  expect(saved).toBeGreaterThan(HISTORIES / 10);
  expect(removals).toBeGreaterThan(HISTORIES);
});
