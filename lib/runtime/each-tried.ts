import { Failure } from '../domain/outcomes.ts';

/** Several things of which each is tried whatever became of the others. */
export class EachTried {
  readonly #trouble: { readonly what: string; readonly error: unknown }[] = [];

  async try<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#trouble.push({ what, error });
      return undefined;
    }
  }

  /** Throws where one of them failed, and says which; `step` and `summary` begin the message. */
  end(step: string, summary: string): void {
    if (this.#trouble.length === 0) return;
    const parts = this.#trouble.map(({ what, error }) => `${what} (${error instanceof Error ? error.name : typeof error})`);
    throw new Failure('internal', `${step}: ${summary}; what failed: ${parts.join(', ')}`, { cause: this.#trouble[0]?.error });
  }
}
