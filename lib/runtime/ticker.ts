/** The passing of time, in milliseconds from any start. */
export interface Ticker {
  now(): number;
  /** Calls back again and again; the function that it returns ends that. */
  every(ms: number, callback: () => void): () => void;
}

/** Monotonic, so that a clock that is set does not matter; it keeps no process alive. */
export const systemTicker: Ticker = {
  now: () => performance.now(),
  every(ms, callback) {
    const timer = setInterval(callback, ms).unref();
    return () => clearInterval(timer);
  },
};
