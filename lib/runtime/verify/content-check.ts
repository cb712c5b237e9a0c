/** Compares stored bytes, as they are read, with what a receipt says that they hold. */
export interface ContentCheck {
  /** Whether the front of an object that is too large to be read whole tells something. */
  readonly looksAtFront: boolean;
  /** Takes the next bytes. False: it needs no more. */
  feed(chunk: Buffer): Promise<boolean>;
  /** Throws `damaged` where the bytes hold something else. Returns what goes into the verification. */
  finish(): Promise<ContentsFound>;
  /** Ends what it started, finished or not. */
  stop(): Promise<void>;
}

export interface ContentsFound {
  /** Of a dump: entries of its table of contents. */
  readonly tocEntries?: number;
}
