import { Failure } from '../../domain/outcomes.ts';

/**
 * What a look finds. What it calls damaged it must find again: a bit that changed on the way from the vault proves nothing of
 * what lies there, and a backup that was called damaged is not read a third time.
 */
export async function lookTwice<T>(look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.reason === 'damaged') return look();
    throw thrown;
  }
}
