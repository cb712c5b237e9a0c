import { restorePlanKey } from '../../lib/domain/backup/operation-keys.ts';
import type { RestoreItem, RestorePlan } from '../../lib/domain/restore/restore-plan.ts';
import type { RestoreItemRecord } from '../../lib/domain/restore/restore-record.ts';
import type { RestoreTarget } from '../../lib/domain/restore/restore-target.ts';
import { slotOf } from '../../lib/domain/time/slot.ts';
import type { MemoryVault } from './memory-vault.ts';

export const WEB = { cluster: 'apps', service: 'web' };
export const WORKER = { cluster: 'apps', service: 'worker' };

export function targetOf(facts: Partial<RestoreTarget> = {}): RestoreTarget {
  return {
    connection: { secret: 'db/main', auth: 'password', sslMode: 'verify-full' },
    production: false,
    services: [],
    before: { sql: [] },
    after: { sql: [] },
    ...facts,
  };
}

export const databaseItem = (n: number, sourceId: string): RestoreItem => ({
  n,
  kind: 'database',
  key: `daily/${sourceId}_20260419_020000.dump`,
  sourceId,
  database: sourceId,
  mode: 'swap',
  owners: true,
  compare: true,
});

/** Puts the plan of a restore down, as the planning step writes it. */
export function begunRestore(vault: MemoryVault, name: string, facts: Partial<RestorePlan> = {}): RestorePlan {
  const requestedAt = '2026-04-20T08:00:00.000Z';
  const plan: RestorePlan = {
    version: 1,
    name,
    execution: `arn:aws:states:eu-west-3:123456789012:execution:Restore:${name}`,
    stamp: slotOf(new Date(requestedAt)),
    requestedAt,
    request: {
      backup: { source: 'shop' },
      target: 'main',
      mode: 'swap',
      replace: false,
      compare: true,
      overSource: true,
      production: false,
      confirm: 'main/shop',
    },
    targetName: 'main',
    target: targetOf(),
    items: [databaseItem(0, 'shop')],
    ...facts,
  };
  vault.put(restorePlanKey(name), plan);
  return plan;
}

export const restoredItem = (item: RestoreItem, facts: { readonly warnings?: string[] } = {}): RestoreItemRecord => ({
  version: 1,
  result: 'restored',
  at: '2026-04-20T08:05:00.000Z',
  item,
  bytes: 1_048_576,
  seconds: { verify: 10, restore: 20, compare: 12 },
  restored: {
    kind: 'database',
    database: 'shop',
    before: 'shop_before_20260420_080000',
    server: { version: '15.18' },
    tables: 3,
    rows: 4200,
    compared: true,
  },
  warnings: facts.warnings ?? [],
});
