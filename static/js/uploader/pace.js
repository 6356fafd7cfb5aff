// How many connections, how large a request, how long to wait: decisions from figures alone, so that they can be tried
// without a network. Times are milliseconds of whatever clock the caller reads, rates bytes per millisecond.

const MIB = 1024 ** 2;

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;

/** Milliseconds to wait after `failures` in a row: doubling, with jitter, so that many senders do not come back as one. */
export function waitAfter(failures) {
  const most = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1));
  return most / 2 + (Math.random() * most) / 2;
}

/** When the gateway has named the time: not before it, and not all senders at the same moment. */
export function waitAsTold(milliseconds) {
  return milliseconds + Math.random() * Math.min(LONGEST_WAIT, 1000 + milliseconds / 5);
}

const SMOOTHING = 4000;

/** Smooths a growing count of bytes into a rate. */
export class Meter {
  #bytes = 0;
  #at = 0;
  rate = 0;

  /** Start counting from here, so that a pause does not look like a slow line. */
  reset(now, bytes) {
    this.#bytes = bytes;
    this.#at = now;
    this.rate = 0;
  }

  update(now, bytes) {
    const elapsed = now - this.#at;
    if (elapsed <= 0) return;
    const current = Math.max(0, bytes - this.#bytes) / elapsed;
    const weight = this.rate ? 1 - Math.exp(-elapsed / SMOOTHING) : 1;
    this.rate += weight * (current - this.rate);
    this.#bytes = bytes;
    this.#at = now;
  }
}

const STEP = 2;
// A new connection is not at its speed at once.
const SETTLE = 500;
const WINDOW = 600;
const WINDOW_PER_LINE = 50;
// Of what as many more connections would bring if each carried as much as those before.
const WORTH = 1 / 4;
const FALLEN = 0.7;
const SHORTEST_REST = 2000;
const LONGEST_REST = 120_000;

/**
 * Decides how many connections send at once. It adds two, looks whether the total has risen by a good part of what they could
 * bring, adds two more or takes them back and rests; when the total falls it tries fewer. `target` is the decision.
 */
export class Climber {
  #least;
  #base = { lines: 0, rate: 0 };
  #act = "rest";
  #hasLookedTwice = false;
  #restUntil = 0;
  #failedClimbs = 0;
  #high = 0;
  #hasFallen = false;
  #from = null;

  target;
  most;

  constructor({ start, most }) {
    this.most = most;
    this.target = Math.min(start, most);
    this.#least = this.target;
  }

  /** From now on this many are possible; `start` of them are used before anything is known. */
  allow({ start, most }) {
    this.most = most;
    this.#least = Math.min(start, most);
    this.target = Math.min(most, Math.max(this.target, this.#least));
    this.#from = null;
  }

  /** Look at the line: all bytes that have left so far, and how many connections are busy. Call a few times a second. */
  tick(now, bytes, busy) {
    if (busy !== this.target) {
      this.#from = null;
      return;
    }
    this.#from ??= { at: now + SETTLE, bytes: null };
    if (now < this.#from.at) return;
    if (this.#from.bytes === null) this.#from = { at: now, bytes };
    const elapsed = now - this.#from.at;
    const needed = (WINDOW + WINDOW_PER_LINE * this.target) * (this.#hasLookedTwice ? 2 : 1);
    if (elapsed >= needed) this.#judge(now, (bytes - this.#from.bytes) / elapsed);
  }

  #judge(now, rate) {
    if (this.#act === "up") this.#judgeMore(now, rate);
    else if (this.#act === "down") this.#judgeFewer(now, rate);
    else this.#look(now, rate);
  }

  #look(now, rate) {
    const hasFallen = rate < FALLEN * this.#high;
    // A window that saw the fall itself says nothing of the level after it: only the next one does.
    const isNews = hasFallen !== this.#hasFallen;
    this.#hasFallen = hasFallen;
    this.#base = { lines: this.target, rate: isNews ? rate : mean(this.#base.rate || rate, rate) };
    if (hasFallen && !isNews && this.target > this.#least) this.#try("down", rate);
    else if (!hasFallen && now >= this.#restUntil && this.target < this.most) this.#try("up", this.#base.rate);
    else this.#from = null;
  }

  #try(act, rate) {
    const { target } = this;
    this.#act = act;
    this.#base = { lines: target, rate };
    this.target = act === "up" ? Math.min(this.most, target + STEP) : Math.max(this.#least, target - STEP);
    this.#from = null;
    this.#hasLookedTwice = false;
  }

  #judgeMore(now, rate) {
    const { lines, rate: before } = this.#base;
    const even = (before * this.target) / lines;
    if (rate - before >= WORTH * (even - before)) {
      this.#failedClimbs = 0;
      this.#settle(now, mean(rate, even));
      if (this.target < this.most) this.#try("up", this.#base.rate);
    } else if (this.#hasLookedTwice) {
      this.target = lines;
      this.#failedClimbs += 1;
      this.#settle(now, before);
    } else {
      // One look may have met a bad moment; the next one takes it in.
      this.#hasLookedTwice = true;
    }
  }

  #judgeFewer(now, rate) {
    const { lines, rate: before } = this.#base;
    const even = (before * this.target) / lines;
    if (before - rate < WORTH * (before - even) && this.target > this.#least) {
      this.#try("down", rate);
      return;
    }
    if (before - rate >= WORTH * (before - even)) this.target = lines;
    this.#failedClimbs = 0;
    this.#settle(now, rate);
  }

  #settle(now, rate) {
    this.#act = "rest";
    this.#base = { lines: this.target, rate };
    this.#high = rate;
    this.#hasFallen = false;
    this.#restUntil = now + Math.min(LONGEST_REST, SHORTEST_REST * 2 ** this.#failedClimbs);
    this.#from = null;
    this.#hasLookedTwice = false;
  }
}

function mean(one, other) {
  return (one + other) / 2;
}

const SMALLEST_REQUEST = 4 * MIB;
const LARGEST_REQUEST = 64 * MIB;
const REQUESTS_PER_LINE = 4;
const LONGEST_REQUEST = 20_000;
const SHORT_REQUEST = 2000;

/**
 * How many bytes the next request should carry. Large where the line is fast; smaller where few bytes are left for the
 * connections there are, or where one connection would need long, so that none is waited for in the end. `rate` is that of one
 * connection, 0 while it is unknown.
 */
export function requestSize({ left, lines, rate, partSize }) {
  const share = left / (lines * REQUESTS_PER_LINE);
  const worthCutting = Math.max(share, rate * SHORT_REQUEST);
  const wanted = Math.max(SMALLEST_REQUEST, Math.min(worthCutting, rate * LONGEST_REQUEST, LARGEST_REQUEST));
  return Math.ceil(partSize / Math.max(1, Math.floor(partSize / wanted)));
}

const OLD_ENOUGH = 2000;
const CLEARLY = 1.5;
const OVERDUE = 2;

/**
 * Whether to send a request a second time, now that a connection has nothing else to do: only where the second is likely to
 * arrive well before the first. `rate` is what one connection usually carries.
 */
export function isWorthRepeating({ size, sent, elapsed, rate }) {
  if (elapsed < OLD_ENOUGH || !rate) return false;
  const usual = size / rate;
  // What has left may still wait in a buffer of this computer: it counts for nothing once the time is over.
  const isOverdue = elapsed > OVERDUE * usual + OLD_ENOUGH;
  return isOverdue || ((size - sent) / Math.max(sent, 1)) * elapsed > CLEARLY * usual + OLD_ENOUGH;
}
