const FIRST_LINE = 'age-encryption.org/v1';
const STANZA = /^-> \S+/;
const MAC_LINE = /^--- [A-Za-z0-9+/]{43}$/;
const NEWLINE = 0x0a;

/** Twenty recipients take 2 KiB. */
const LONGEST_HEADER = 64 * 1024;

/** What a file is encrypted with, and of what follows its header: nonce, pieces, and the tag behind each of them. */
const NONCE_BYTES = 16;
const PIECE_BYTES = 64 * 1024;
const TAG_BYTES = 16;

/** The header of a file in age's format, which anybody can read. */
export interface AgeHeader {
  readonly bytes: number;
  /** One for each recipient. */
  readonly stanzas: number;
}

/** Gathers the front of a file until its header is complete. */
export class AgeHeaderReader {
  #front: Buffer = Buffer.alloc(0);
  #lines: string[] = [];
  #read = 0;

  /** True once the header is complete, or it is certain that there is none. */
  take(chunk: Buffer): boolean {
    if (this.#done) return true;
    this.#front = Buffer.concat([this.#front, chunk]);
    for (let end = this.#lineEnd; end >= 0 && end < LONGEST_HEADER && !this.#complete; end = this.#lineEnd) {
      this.#lines.push(this.#front.toString('latin1', this.#read, end));
      this.#read = end + 1;
    }
    return this.#done;
  }

  /** The header; undefined where there is none. */
  header(): AgeHeader | undefined {
    const whole = this.#lines[0] === FIRST_LINE && MAC_LINE.test(this.#lines.at(-1) ?? '');
    return whole ? { bytes: this.#read, stanzas: this.#lines.filter((line) => STANZA.test(line)).length } : undefined;
  }

  get #lineEnd(): number {
    return this.#front.indexOf(NEWLINE, this.#read);
  }

  get #done(): boolean {
    return this.#complete || this.#front.length > LONGEST_HEADER;
  }

  /** Whether its last line is there, or its first one shows that there is none. */
  get #complete(): boolean {
    const [first = FIRST_LINE] = this.#lines;
    return first !== FIRST_LINE || (this.#lines.at(-1)?.startsWith('---') ?? false);
  }
}

/** How long a file is that holds so many plain bytes. Even nothing takes one piece. */
export const encryptedBytes = (header: AgeHeader, plainBytes: number): number =>
  header.bytes + NONCE_BYTES + plainBytes + TAG_BYTES * Math.max(1, Math.ceil(plainBytes / PIECE_BYTES));
