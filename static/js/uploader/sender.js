// Bytes on their way: spans are hashed ahead, wait for a connection and go; the last ones twice where that is quicker.

import { isWorthRepeating, requestSize } from "./pace.js";
import { put } from "./put.js";
import { Refusal, changed, stopped, unreadable } from "./refusals.js";

// Hashed and waiting, so that no connection waits for a digest.
const AHEAD = 2;
// The gateway names addresses at the store for several parts at once.
const AHEAD_OF_ADDRESSES = 6;
const WEIGHT_OF_THE_LAST = 0.2;
const SILENT = 10_000;
// Of smaller requests most of the time is no sending.
const TELLING = 1024 ** 2 / 4;

/** One span of one transfer, travelling once or, for a while, twice. */
class Flight {
  attempts = new Set();
  answer = {};

  constructor(transfer, span, way, body) {
    Object.assign(this, { transfer, span, way, body });
  }

  moved() {
    this.span.loaded = Math.max(0, ...[...this.attempts].map(({ loaded }) => loaded));
    this.transfer.moved();
  }
}

class Attempt {
  loaded = 0;
  movedAt = performance.now();
  startedAt = performance.now();
  controller = new AbortController();

  constructor(origin) {
    this.origin = origin;
  }

  get elapsed() {
    return Math.max(1, performance.now() - this.startedAt);
  }
}

export class Sender {
  #lines;
  #hasher;
  #source;
  #jobs = 0;
  #flights = new Set();
  #rate = 0;

  /** `source.next()` is the transfer with bytes to send, `source.isOnly(transfer)` whether no other has any. */
  constructor({ lines, hasher, source }) {
    this.#lines = lines;
    this.#hasher = hasher;
    this.#source = source;
  }

  /** Send what can be sent now. */
  pump() {
    for (let transfer = this.#source.next(); transfer; transfer = this.#source.next()) {
      if (this.#jobs >= this.#lines.limit + (transfer.carrier.takesSpans ? AHEAD : AHEAD_OF_ADDRESSES)) return;
      const span = transfer.take(this.#sizeFor(transfer));
      if (span) this.#begin(transfer, span);
    }
    this.#repeatSlowest();
  }

  /** What travels has lost its way, as after a sleep: send it again. `silent` spares what has moved a moment ago. */
  restart({ silent = false } = {}) {
    const now = performance.now();
    for (const { attempts } of this.#flights) {
      for (const attempt of attempts) {
        if (!silent || now - attempt.movedAt > SILENT) attempt.controller.abort(new Refusal({ code: "interrupted" }));
      }
    }
  }

  get transfersInFlight() {
    return new Set([...this.#flights].map(({ transfer }) => transfer));
  }

  #sizeFor(transfer) {
    const { partSize, left, carrier } = transfer;
    if (!carrier.takesSpans) return partSize;
    const shared = this.#source.isOnly(transfer) ? left : Infinity;
    const { limit: lines, isCurious } = this.#lines;
    return requestSize({ left: shared, lines, rate: this.#rate, partSize, isCurious });
  }

  async #begin(transfer, span) {
    this.#jobs += 1;
    const { signal } = transfer;
    let flight = null;
    try {
      if (await transfer.claim()) {
        flight = await this.#prepare(transfer, span);
        if (!flight.way.isThere) await this.#fly(flight, signal);
        transfer.arrived(span, flight.answer);
      } else {
        transfer.giveBack(span);
      }
    } catch (error) {
      transfer.giveBack(span);
      if (!signal.aborted) transfer.failed(error, flight?.way);
    }
    this.#jobs -= 1;
    this.pump();
  }

  async #prepare(transfer, span) {
    const body = transfer.slice(span);
    const digest = await this.#hasher.sha256(body).catch((error) => {
      throw error instanceof DOMException ? unreadable() : error;
    });
    const way = await transfer.prepare(span, digest);
    // From the disk again, not from memory: the browser streams a piece of a file, but would keep copies of a buffer.
    return new Flight(transfer, span, way, body);
  }

  /** Resolves with the first attempt that arrives; rejects with the last one that fails. */
  #fly(flight, signal) {
    this.#flights.add(flight);
    return new Promise((resolve, reject) => {
      flight.attempt = async () => {
        try {
          flight.answer = await this.#attempt(flight, signal);
          for (const other of flight.attempts) other.controller.abort(stopped());
          resolve();
        } catch (error) {
          if (!flight.attempts.size) reject(error);
        }
      };
      flight.attempt();
    }).finally(() => this.#flights.delete(flight));
  }

  async #attempt(flight, signal) {
    const { transfer, span, way, body, attempts } = flight;
    const origin = await this.#lines.acquire(way.origins, signal);
    const attempt = new Attempt(origin);
    const request = this.#lines.begun(span.size);
    attempts.add(attempt);
    const stop = () => attempt.controller.abort(stopped());
    signal.addEventListener("abort", stop);
    try {
      if (!transfer.isUnchanged) throw changed();
      const { url, headers } = way.request(origin);
      const answer = await put(url, {
        headers,
        body,
        signal: attempt.controller.signal,
        onProgress: (loaded) => this.#moved(flight, attempt, Math.min(loaded, span.size)),
      });
      this.#moved(flight, attempt, span.size);
      this.#learn(span.size, attempt.elapsed);
      this.#lines.arrived(request);
      this.#lines.answered(origin);
      return answer;
    } catch (error) {
      this.#lines.lost(request);
      this.#weigh(error, attempt);
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
      attempts.delete(attempt);
      flight.moved();
      this.#lines.release(origin);
    }
  }

  #moved(flight, attempt, loaded) {
    attempt.loaded = loaded;
    attempt.movedAt = performance.now();
    flight.moved();
  }

  #learn(size, elapsed) {
    if (size < TELLING) return;
    const rate = size / elapsed;
    this.#rate = this.#rate ? this.#rate + WEIGHT_OF_THE_LAST * (rate - this.#rate) : rate;
  }

  /** Whether the origin is to be left alone for a while, or has answered after all. */
  #weigh(error, { origin, startedAt, controller }) {
    if (controller.signal.aborted) return;
    if (error.isPassing) this.#lines.failed(origin, error, startedAt);
    else this.#lines.answered(origin);
  }

  /** Nothing is left to begin and a connection idles: it takes what would arrive last otherwise. */
  #repeatSlowest() {
    if (!this.#lines.idle) return;
    const late = [...this.#flights].filter((flight) => this.#isLate(flight));
    const [slowest] = late.sort((a, b) => a.span.loaded / a.span.size - b.span.loaded / b.span.size);
    slowest?.attempt();
  }

  #isLate({ attempts, span }) {
    const [only, ...others] = attempts;
    if (!only || others.length) return false;
    return isWorthRepeating({ size: span.size, sent: only.loaded, elapsed: only.elapsed, rate: this.#rate });
  }
}
