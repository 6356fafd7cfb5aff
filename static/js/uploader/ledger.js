// What of one file is acknowledged, under way or still to be sent. Part n is bytes [(n-1)·size, n·size).

export class Ledger {
  #size;
  #partSize;
  #count;
  #here = new Set();
  #underWay = new Map();
  #next = [];

  constructor({ size, part_size: partSize, part_count: count }) {
    this.#size = size;
    this.#partSize = partSize;
    this.#count = count;
    this.#next = numbers(count);
  }

  /** Bytes the gateway has on its disk for sure. */
  acknowledged = 0;

  get partSize() {
    return this.#partSize;
  }

  get underWayCount() {
    return this.#underWay.size;
  }

  get isComplete() {
    return this.#here.size === this.#count;
  }

  /** Acknowledged bytes and those of parts under way that have left. */
  get sent() {
    let bytes = this.acknowledged;
    for (const loaded of this.#underWay.values()) bytes += loaded;
    return bytes;
  }

  /** Take over the gateway's list of parts; those it marks as missing are to be sent again. */
  adopt(parts) {
    this.#here = new Set(parts.filter((part) => part.state !== "missing").map((part) => part.number));
    this.#recount();
  }

  /** The gateway says that exactly these parts are not there. */
  lose(missing) {
    for (const number of missing) this.#here.delete(number);
    this.#recount();
  }

  /** The next part to send, or null; it counts as under way until it is acknowledged or given back. */
  take() {
    const number = this.#next.shift() ?? null;
    if (number !== null) this.#underWay.set(number, 0);
    return number;
  }

  progress(number, loaded) {
    if (this.#underWay.has(number)) this.#underWay.set(number, Math.min(loaded, this.lengthOf(number)));
  }

  acknowledge(number) {
    this.#underWay.delete(number);
    if (this.#here.has(number)) return;
    this.#here.add(number);
    this.acknowledged += this.lengthOf(number);
  }

  giveBack(number) {
    if (this.#underWay.delete(number) && !this.#here.has(number)) this.#next.unshift(number);
  }

  rangeOf(number) {
    const start = (number - 1) * this.#partSize;
    return [start, start + this.lengthOf(number)];
  }

  lengthOf(number) {
    return Math.min(this.#partSize, this.#size - (number - 1) * this.#partSize);
  }

  #recount() {
    this.acknowledged = 0;
    for (const number of this.#here) this.acknowledged += this.lengthOf(number);
    this.#next = numbers(this.#count).filter((number) => !this.#here.has(number) && !this.#underWay.has(number));
  }
}

function numbers(count) {
  return Array.from({ length: count }, (_, index) => index + 1);
}
