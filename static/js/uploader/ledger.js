// What of one file is acknowledged, under way or still to be sent. Part n is bytes [(n-1)·size, n·size); a part may travel in
// several spans.

/** Bytes [start, end) of part `number`, under way; `loaded` of them have left. */
class Span {
  loaded = 0;

  constructor(number, start, end) {
    this.number = number;
    this.start = start;
    this.end = end;
  }

  get size() {
    return this.end - this.start;
  }
}

export class Ledger {
  #size;
  #count;
  #whole = new Set();
  // Of parts that are not whole, the ranges that are there: number -> [[start, end], …], in order, none touching another.
  #ranges = new Map();
  #underWay = new Set();
  // Parts with bytes to send, the next one last.
  #open = [];

  acknowledged = 0;

  constructor({ size, part_size: partSize, part_count: count }) {
    this.#size = size;
    this.partSize = partSize;
    this.#count = count;
    this.#recount();
  }

  get isComplete() {
    return this.#whole.size === this.#count;
  }

  get hasOpen() {
    return this.#open.length > 0;
  }

  get underWayCount() {
    return this.#underWay.size;
  }

  /** Acknowledged bytes and those of spans under way that have left. */
  get sent() {
    let bytes = this.acknowledged;
    for (const span of this.#underWay) bytes += span.loaded;
    return bytes;
  }

  /** Take over the gateway's list of parts, and of pieces of parts that are not whole; what it misses is to be sent again. */
  adopt(parts, pieces = []) {
    this.#whole = new Set(parts.map((part) => part.number));
    this.#ranges.clear();
    for (const { number, start, size } of pieces) this.#enter(number, start, start + size);
    this.#recount();
  }

  /** The gateway says that exactly these parts are not there. */
  lose(missing) {
    for (const number of missing) {
      this.#whole.delete(number);
      this.#ranges.delete(number);
    }
    this.#recount();
  }

  /** The next bytes to send, about `size` of them, or null; they count as under way until acknowledged or given back. */
  take(size) {
    while (this.#open.length) {
      const number = this.#open.at(-1);
      const [gap, ...more] = this.#gaps(number);
      if (!gap) {
        this.#open.pop();
        continue;
      }
      const [start, end] = gap;
      // No crumbs: what would be left is taken too.
      const until = end - start < size * 1.5 ? end : start + size;
      const span = new Span(number, start, until);
      this.#underWay.add(span);
      if (until === end && !more.length) this.#open.pop();
      return span;
    }
    return null;
  }

  acknowledge(span, { isWhole = false } = {}) {
    const { number, start, end } = span;
    this.#underWay.delete(span);
    if (this.#whole.has(number)) return;
    this.acknowledged -= this.#there(number);
    if (isWhole) this.#makeWhole(number);
    else this.#enter(number, start, end);
    this.acknowledged += this.#there(number);
  }

  giveBack(span) {
    if (this.#underWay.delete(span) && !this.#whole.has(span.number) && this.#open.at(-1) !== span.number) {
      this.#open.push(span.number);
    }
  }

  /** Where in the file the bytes of a span, or of `{number, start, size}`, are: [start, end). */
  placeOf({ number, start = 0, size = this.lengthOf(number) }) {
    const first = (number - 1) * this.partSize + start;
    return [first, first + size];
  }

  lengthOf(number) {
    return Math.min(this.partSize, this.#size - (number - 1) * this.partSize);
  }

  #there(number) {
    if (this.#whole.has(number)) return this.lengthOf(number);
    return (this.#ranges.get(number) ?? []).reduce((sum, [start, end]) => sum + end - start, 0);
  }

  #enter(number, start, end) {
    const merged = merge([...(this.#ranges.get(number) ?? []), [start, end]]);
    const [first] = merged;
    if (merged.length === 1 && first[0] === 0 && first[1] === this.lengthOf(number)) this.#makeWhole(number);
    else this.#ranges.set(number, merged);
  }

  #makeWhole(number) {
    this.#whole.add(number);
    this.#ranges.delete(number);
  }

  /** The bytes of a part that are neither there nor under way. */
  #gaps(number) {
    const taken = [...(this.#ranges.get(number) ?? [])];
    for (const span of this.#underWay) if (span.number === number) taken.push([span.start, span.end]);
    const gaps = [];
    let at = 0;
    for (const [start, end] of merge(taken)) {
      if (start > at) gaps.push([at, start]);
      at = end;
    }
    if (at < this.lengthOf(number)) gaps.push([at, this.lengthOf(number)]);
    return gaps;
  }

  #recount() {
    this.acknowledged = 0;
    this.#open = [];
    for (let number = this.#count; number > 0; number -= 1) {
      this.acknowledged += this.#there(number);
      if (!this.#whole.has(number)) this.#open.push(number);
    }
  }
}

function merge(ranges) {
  const merged = [];
  for (const [start, end] of ranges.sort(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}
