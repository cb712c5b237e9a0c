import type { Slot } from '../time/slot.ts';
import { quoted } from './statements-of.ts';

/** What a restore put in the place of a database that was there, and where that one is now. */
export interface Swapped {
  readonly database: string;
  readonly before: string;
  /** Of the restore. */
  readonly stamp: Slot;
}

/** How to be rid of the former database, and how to go back to it, as lines for people; statements stand alone on theirs, to be copied. */
export const goBackLines = ({ database, before, stamp }: Swapped): readonly string[] => {
  const [now, former, aside] = [database, before, `${database}_restored_${stamp}`].map(quoted);
  return [
    'to drop it, once it is sure that nobody needs it:',
    `  DROP DATABASE ${former};`,
    'to go back to it, with nothing connected to either:',
    `  ALTER DATABASE ${now} RENAME TO ${aside};`,
    `  ALTER DATABASE ${former} RENAME TO ${now};`,
  ];
};
