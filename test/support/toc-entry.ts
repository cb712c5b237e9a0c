import type { TocEntry } from '../../lib/domain/restore/archive-toc.ts';

/** An entry of an archive's table of contents; what a test does not look at is empty. */
export const tocEntry = (facts: Partial<TocEntry>): TocEntry => ({
  id: 1,
  type: 'TABLE',
  catalogue: '0',
  oid: '0',
  schema: '',
  name: 'it',
  owner: 'somebody',
  tablespace: '',
  definition: '',
  dependencies: [],
  hasData: false,
  drop: { start: 0, end: 0 },
  ...facts,
});
