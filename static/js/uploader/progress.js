// Tells of progress a few times a second, however often bytes move, and measures how fast they do.

import { Meter } from "./pace.js";

const EVERY = 200;

export class Progress {
  #tell;
  #sent;
  #meter = new Meter();
  #toldAt = 0;
  #trailing = 0;

  /** `sent()` says how many bytes have left by now; `tell()` is called at most five times a second. */
  constructor(sent, tell) {
    this.#sent = sent;
    this.#tell = tell;
  }

  /** Bytes per second, smoothed. */
  get rate() {
    return this.#meter.rate * 1000;
  }

  /** Sending begins, or goes on after a pause. */
  start() {
    this.#meter.reset(performance.now(), this.#sent());
  }

  moved() {
    const due = this.#toldAt + EVERY - performance.now();
    if (due > 0) {
      this.#trailing ||= setTimeout(() => this.moved(), due);
      return;
    }
    clearTimeout(this.#trailing);
    this.#trailing = 0;
    this.#toldAt = performance.now();
    this.#meter.update(this.#toldAt, this.#sent());
    this.#tell();
  }
}
