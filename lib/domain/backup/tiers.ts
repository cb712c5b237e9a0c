/** Where a backup lies in the vault, and so by which rule it is kept. The first key segment of its object. */
export const TIERS = ['daily', 'weekly', 'monthly', 'yearly', 'archive'] as const;

export type Tier = (typeof TIERS)[number];

/** Tiers that a verified daily is promoted to, one copy a period. */
export const PROMOTED_TIERS = ['weekly', 'monthly', 'yearly'] as const satisfies readonly Tier[];

export type PromotedTier = (typeof PROMOTED_TIERS)[number];
