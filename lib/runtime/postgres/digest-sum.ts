const DIGEST_BITS = 256;

/**
 * The sum of SHA-256 digests modulo 2^256: the hash of a collection whose order means nothing. Unlike a hash of the sorted
 * digests, it needs no memory for them.
 */
export class DigestSum {
  #sum = 0n;

  add(sha256: string): void {
    this.#sum = BigInt.asUintN(DIGEST_BITS, this.#sum + BigInt(`0x${sha256}`));
  }

  get hex(): string {
    return this.#sum.toString(16).padStart(DIGEST_BITS / 4, '0');
  }
}
