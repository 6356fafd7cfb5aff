// How long to wait after failures, and how fast bytes go.

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
const SMOOTHING_MS = 4000;

/** Milliseconds to wait after `failures` in a row: doubling, with jitter, so that many senders do not come back as one. */
export function waitAfter(failures) {
  const most = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1));
  return most / 2 + (Math.random() * most) / 2;
}

/** Smooths a growing count of bytes into bytes per second. */
export class Meter {
  #bytes = 0;
  #at = 0;
  rate = 0;

  /** Start counting from here, so that a pause does not look like a slow line. */
  reset(bytes) {
    this.#bytes = bytes;
    this.#at = performance.now();
    this.rate = 0;
  }

  update(bytes) {
    const now = performance.now();
    const elapsed = now - this.#at;
    if (elapsed <= 0) return;
    const current = (Math.max(0, bytes - this.#bytes) * 1000) / elapsed;
    const weight = this.rate ? 1 - Math.exp(-elapsed / SMOOTHING_MS) : 1;
    this.rate += weight * (current - this.rate);
    this.#bytes = bytes;
    this.#at = now;
  }
}
