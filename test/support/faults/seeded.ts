/** A stream of choices that depends on its seed and number alone (splitmix64). */
export class Seeded {
  #state: bigint;

  constructor(seed: number, index: number) {
    this.#state = (BigInt(seed) << 32n) ^ BigInt(index);
    // neighbours must not begin alike
    for (let n = 0; n < 4; n++) this.next();
  }

  /** A number from 0 up to but not 1. */
  next(): number {
    this.#state = BigInt.asUintN(64, this.#state + 0x9e3779b97f4a7c15n);
    let mixed = this.#state;
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n);
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
    return Number((mixed ^ (mixed >> 31n)) >> 11n) / 2 ** 53;
  }

  /** A whole number from 0 up to but not `below`. */
  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  chance(of: number): boolean {
    return this.next() < of;
  }

  pick<T>(among: readonly T[]): T {
    const picked = among[this.int(among.length)];
    if (picked === undefined) throw new Error('there is nothing to pick from');
    return picked;
  }

  /** One of these, each as often as its weight says. */
  weighted<T>(among: readonly T[], weightOf: (one: T) => number): T {
    let left = this.next() * among.reduce((sum, one) => sum + weightOf(one), 0);
    for (const one of among) {
      left -= weightOf(one);
      if (left < 0) return one;
    }
    return this.pick(among);
  }
}
