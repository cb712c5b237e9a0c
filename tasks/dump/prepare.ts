import type { Source } from '../../lib/domain/source/source.ts';
import { prepareDatabase } from './prepare-database.ts';
import { prepareGlobals } from './prepare-globals.ts';
import { prepareTree } from './prepare-tree.ts';
import type { Prepared, Producer } from './producer.ts';

/** Looks whether a source can be backed up, in the way of its kind. */
export const prepare: Producer<Source> = (source, bench): Promise<Prepared> => {
  switch (source.kind) {
    case 'database':
      return prepareDatabase(source, bench);
    case 'globals':
      return prepareGlobals(source, bench);
    case 'files':
    case 'config':
    case 'datedFolder':
      return prepareTree(source, bench);
  }
};
