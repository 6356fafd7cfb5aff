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
// Of what more connections would bring if each carried as much as those before.
const WORTH = 1 / 3;
// At the very first less is enough: a connection begins faster than a lossy line lets it go on.
const WORTH_AT_FIRST = 0.15;
const FALLEN = 0.7;
// How far it climbs on trust, the first time, before requests that saw the new connections have arrived.
const ON_TRUST = 12;
const ENOUGH = 4;
const OVERDUE = 2;
const SHORTEST_STEP = 400;
const STEP_PER_REQUEST = 0.2;
const SHORTEST_REST = 2000;
const LONGEST_REST = 120_000;
// Requests are compared with others of about their size: of a small one, most of the time is no sending.
const ALIKE = 2;
const ODD_ONES = 8;

/**
 * Decides how many connections send at once, from the requests that arrive: what has merely left may still lie in a buffer
 * of this computer, megabytes for each connection. It adds two at a time for as long as arriving requests show that the total
 * rises by a good part of what the new ones could bring, takes back those that bring nothing and rests; when the total falls it
 * tries fewer. `target` is the decision.
 */
export class Climber {
  #least;
  #act = "look";
  #size = 0;
  #odd = 0;
  #watched = [];
  #anchor = null;
  #high = 0;
  #steppedAt = 0;
  #restUntil = 0;
  #failedClimbs = 0;
  #elapsed = 0;
  #isSettled = false;

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
  }

  /** Whether it is still finding out for the first time, for which many short requests are better than few long ones. */
  get isCurious() {
    return !this.#isSettled;
  }

  /** A request of `size` bytes begins, `busy` connections sending with it; hand what is returned to `arrived` or `lost`. */
  begun(now, { size, busy }) {
    const request = { at: now, lines: busy, elapsed: 0 };
    if (this.#isAlike(size) && this.#isTelling(busy) && this.#watched.length < this.#needed) this.#watched.push(request);
    return request;
  }

  /** It was acknowledged; `lines` connections were busy on average meanwhile. */
  arrived(now, request, lines) {
    request.elapsed = Math.max(1, now - request.at);
    request.lines = lines;
    this.#elapsed += (this.#elapsed ? 0.2 : 1) * (request.elapsed - this.#elapsed);
    this.#judge(now);
  }

  lost(request) {
    this.#watched = this.#watched.filter((other) => other !== request);
  }

  /** Time has passed, with `busy` connections sending. */
  tick(now, busy) {
    this.#judge(now);
    if (busy < this.target || this.target >= this.most) return;
    if (this.#act === "rest" && this.#anchor && now >= this.#restUntil) this.#climb(now);
    if (this.#act !== "up" || now - this.#steppedAt < Math.max(SHORTEST_STEP, STEP_PER_REQUEST * this.#elapsed)) return;
    const onTrust = this.#isSettled ? STEP : ON_TRUST;
    this.target = Math.min(this.most, this.target + STEP, Math.ceil(this.#anchor.lines) + onTrust);
    this.#steppedAt = now;
  }

  /** Smaller ones now and then say nothing; once they are larger, or all small, everything is looked at anew. */
  #isAlike(size) {
    const isOdd = size > this.#size * ALIKE || size * ALIKE < this.#size;
    this.#odd = isOdd ? this.#odd + 1 : 0;
    const isSmaller = size < this.#size;
    if (!isOdd || (isSmaller && this.#odd < ODD_ONES)) return !isOdd;
    this.#size = size;
    this.#watched = [];
    // They become smaller when the line falls: then what it brought before is what to compare with.
    if (this.#act === "rest" && isSmaller) return true;
    this.#anchor = null;
    this.#high = 0;
    if (this.#act === "rest") return true;
    this.#act = "look";
    this.target = this.#least;
    return true;
  }

  #isTelling(busy) {
    if (this.#act === "up") return busy > this.#anchor.lines + 1;
    if (this.#act === "down") return busy < this.#anchor.lines - 1;
    return true;
  }

  /** So many requests, begun one after the other, are looked at together: all of them, as the first to arrive are the quick. */
  get #needed() {
    return Math.max(ENOUGH, Math.round(this.#anchor?.lines ?? this.target));
  }

  #judge(now) {
    if (this.#watched.length < this.#needed) return;
    const done = this.#watched.filter(({ elapsed }) => elapsed);
    if (done.length < this.#watched.length) {
      const usual = this.#elapsed * OVERDUE;
      const isWaiting = this.#watched.some(({ at, elapsed }) => !elapsed && now - at < usual);
      if (isWaiting || done.length < this.#watched.length / 2) return;
    }
    const seen = this.#seen(now);
    this.#watched = [];
    if (this.#act === "look" || !this.#anchor) this.#settleOn(now, seen);
    else if (this.#act === "up") this.#judgeMore(now, seen);
    else if (this.#act === "down") this.#judgeFewer(now, seen);
    else this.#watch(now, seen);
  }

  /** What each connection carried, and how many there were. */
  #seen(now) {
    const count = this.#watched.length;
    const sum = { elapsed: 0, lines: 0 };
    for (const { at, elapsed, lines } of this.#watched) {
      sum.elapsed += elapsed || now - at;
      sum.lines += lines;
    }
    return { speed: (this.#size * count) / sum.elapsed, lines: sum.lines / count };
  }

  #settleOn(now, seen) {
    this.#anchor = { ...seen, isFirst: this.#act === "look" };
    this.#high = totalOf(seen);
    if (this.#act === "look") this.#climb(now);
  }

  #climb(now) {
    this.#act = this.target < this.most ? "up" : "rest";
    this.#watched = [];
    this.#steppedAt = now;
    this.target = Math.min(this.most, this.target + STEP);
  }

  #judgeMore(now, seen) {
    if (this.#gainOf(seen) >= (this.#anchor.isFirst ? WORTH_AT_FIRST : WORTH)) {
      this.#anchor = seen;
      this.#failedClimbs = 0;
      if (seen.lines > this.most - STEP - 1) this.#rest(now, seen);
      return;
    }
    // As many as would carry this total at the speed that each had before.
    const enough = Math.round(totalOf(seen) / this.#anchor.speed);
    this.target = Math.min(this.target, Math.max(this.#least, Math.round(this.#anchor.lines), enough));
    this.#failedClimbs += 1;
    this.#rest(now, null);
  }

  #judgeFewer(now, seen) {
    if (this.#gainOf(seen) >= WORTH) {
      this.target = Math.min(this.most, Math.round(this.#anchor.lines));
      this.#rest(now, null);
    } else if (this.target > this.#least) {
      this.#anchor = seen;
      this.#tryFewer();
    } else {
      this.#rest(now, seen);
    }
  }

  /** The part of what the difference in connections could bring, or cost, that was really seen. */
  #gainOf({ lines, speed }) {
    const { lines: before, speed: each } = this.#anchor;
    return (lines * speed - before * each) / ((lines - before) * each);
  }

  #tryFewer(wanted = this.target - STEP) {
    this.#act = "down";
    this.#watched = [];
    this.target = Math.max(this.#least, Math.min(wanted, this.target - STEP));
  }

  /** Stay for a while; `seen` is the level now, null where it has to be looked at first. */
  #rest(now, seen) {
    this.#act = "rest";
    this.#isSettled ||= this.#failedClimbs !== 1;
    this.#watched = [];
    this.#anchor = seen;
    this.#high = seen ? totalOf(seen) : 0;
    const wait = Math.max(SHORTEST_REST, 2 * this.#elapsed) * 2 ** this.#failedClimbs;
    this.#restUntil = now + Math.min(LONGEST_REST, wait);
  }

  #watch(now, seen) {
    const { speed } = this.#anchor;
    this.#anchor = seen;
    this.#high ||= totalOf(seen);
    if (totalOf(seen) >= FALLEN * this.#high) return;
    this.#failedClimbs = 0;
    if (this.target > this.#least) this.#tryFewer(Math.round(totalOf(seen) / speed));
    else this.#rest(now, seen);
  }
}

function totalOf({ speed, lines }) {
  return speed * lines;
}

// On a lossy line one connection brings as much in three seconds.
const SMALLEST_REQUEST = MIB / 2;
const PROBE = 1000;
const LARGEST_REQUEST = 64 * MIB;
const REQUESTS_PER_LINE = 4;
const LONGEST_REQUEST = 10_000;
const SHORT_REQUEST = 2000;

/**
 * How many bytes the next request should carry. Large where the line is fast; smaller where few bytes are left for the
 * connections there are, or where one connection would need long, so that none is waited for in the end. `rate` is that of one
 * connection, 0 while it is unknown; `isCurious` asks for short ones, whose arrival tells how fast the line is.
 */
export function requestSize({ left, lines, rate, partSize, isCurious }) {
  const share = left / (lines * REQUESTS_PER_LINE);
  const worthCutting = Math.max(share, rate * SHORT_REQUEST);
  const most = isCurious ? rate * PROBE : Math.min(worthCutting, rate * LONGEST_REQUEST, LARGEST_REQUEST);
  const wanted = Math.max(SMALLEST_REQUEST, most);
  return Math.ceil(partSize / Math.max(1, Math.floor(partSize / wanted)));
}

const OLD_ENOUGH = 2000;
const CLEARLY = 1.5;

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
