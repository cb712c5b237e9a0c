import type { TreeReceipt } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import type { TreeReader } from '../tree/tree-reader.ts';
import { TreeVerifier } from '../tree/verify-tree.ts';
import type { ContentCheck } from './content-check.ts';

/** The archive unpacked again: every member, and the SHA-256 of every file. Its front alone tells nothing. `reader`: see TreeVerifier. */
export function checkTree({ key, contents }: TreeReceipt, reader?: Pick<TreeReader, 'take' | 'finish'>): ContentCheck {
  const verifier = new TreeVerifier(key.endsWith('.zst') ? 'zstd' : 'gzip', reader);
  return {
    looksAtFront: false,
    feed: (chunk) => verifier.feed(chunk),
    async finish() {
      try {
        await verifier.finish(contents);
        return {};
      } catch (error) {
        throw error instanceof Failure ? new Failure(error.reason, `${key}: ${error.message}`, { cause: error }) : error;
      }
    },
    stop: async () => verifier.stop(),
  };
}
