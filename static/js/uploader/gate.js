// Whether a way to the gateway may be tried: shut for a time after a failure, then open for one try, then open to all.

import { waitAfter, waitAsTold } from "./pace.js";

export class Gate {
  #failures = 0;
  #shutAt = 0;
  #opensAt = 0;

  /** Why it is shut, or was last. */
  refusal = null;

  get isOpen() {
    return performance.now() >= this.#opensAt;
  }

  /** Open for one only, until that one has passed. */
  get isOnTrial() {
    return this.#failures > 0;
  }

  /** Milliseconds until it opens, 0 while it is open. */
  get opensIn() {
    return Math.max(0, this.#opensAt - performance.now());
  }

  /** Shut it, for `milliseconds` or as long as the refusal and the failures before it say. */
  fail(refusal, { startedAt = Infinity, milliseconds = null } = {}) {
    // Requests that travelled side by side fail as one.
    if (startedAt < this.#shutAt) return;
    this.#failures += 1;
    this.#shutAt = performance.now();
    const { retryAfter } = refusal;
    this.#opensAt = this.#shutAt + (milliseconds ?? (retryAfter === null ? waitAfter(this.#failures) : waitAsTold(retryAfter)));
    this.refusal = refusal;
  }

  /** Open it: somebody passed, or has reason to think that it is worth trying. */
  open() {
    this.#failures = 0;
    this.#opensAt = 0;
    this.refusal = null;
  }
}
