/** What the target has already, as far as the selection looks at it. */
export interface PresentObjects {
  has(kind: 'relation' | 'schema' | 'type' | 'function' | 'extension' | 'publication', schema: string, name: string): boolean;
}

/** A new database: nothing is there but what every database has. */
export const NOTHING_PRESENT: PresentObjects = { has: (kind, _, name) => kind === 'schema' && name === 'public' };
