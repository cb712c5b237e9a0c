import { differenceOf } from '../../domain/backup/archive-list.ts';
import type { DatabaseReceipt } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import type { ArchiveLister } from '../pg-restore-list.ts';
import type { ContentCheck } from './content-check.ts';

/** The archive's table of contents, which is at its front, against the tables that the task counted. */
export const checkDump = ({ key, contents }: DatabaseReceipt, archive: ArchiveLister): ContentCheck => ({
  looksAtFront: true,
  feed: (chunk) => archive.feed(chunk),
  async finish() {
    const list = await archive.finish();
    const difference = differenceOf(list, contents);
    if (difference) throw new Failure('damaged', `${key}: ${difference}`);
    return { tocEntries: list.entries };
  },
  stop: () => archive.stop(),
});
