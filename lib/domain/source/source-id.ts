import { z } from 'zod';

/** Names that files of a run carry beside those of its sources; a source of that name would collide with them. */
const RESERVED = new Set(['plan', 'jobs', 'found', 'retention', 'sweep']);

const PATTERN = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** What a source id may be, in words; shown wherever one is refused. */
export const SOURCE_ID_RULE =
  'lower-case letters, digits, "_" and "-", starting with a letter or digit, at most 63 characters, and not "plan", "jobs", "found", "retention" or "sweep"';

/** Says whether a text may name a source. Ids become parts of object keys, so nothing else is let through. */
export const isSourceId = (text: string): boolean => PATTERN.test(text) && !RESERVED.has(text);

export const SourceId = z.string().refine(isSourceId, { error: `must be ${SOURCE_ID_RULE}` });
