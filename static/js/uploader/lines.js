// Connections to the upload origins: how many at once, to which, and which origins to leave alone for a while.

import { Gate } from "./gate.js";
import { Climber } from "./pace.js";

// Browsers open six connections to an origin over HTTP/1.1.
const PER_ORIGIN = 6;
const START = 4;
const LOOK_EVERY = 250;

class Origin {
  active = 0;
  usedAt = 0;
  gate = new Gate();

  constructor(address) {
    this.address = address;
    // Where pages come from too, one is left for them.
    this.capacity = PER_ORIGIN - (address === location.origin ? 1 : 0);
  }

  get room() {
    if (!this.gate.isOpen) return 0;
    return Math.max(0, (this.gate.isOnTrial ? 1 : this.capacity) - this.active);
  }
}

export class Lines {
  #most;
  #climber;
  #origins = new Map();
  #waiting = [];
  #active = 0;
  #looking = 0;
  #reopening = 0;
  #wake;
  #busyTime = 0;
  #countedAt = performance.now();

  /** At most `most` at once; `wake()` is called when more may be sent than before. */
  constructor(most, wake) {
    this.#most = most;
    this.#wake = wake;
    this.#climber = new Climber({ start: START, most });
  }

  /** How many may send at once now. */
  get limit() {
    return this.#climber.target;
  }

  /** Whether short requests help to find out what the line wants. */
  get isCurious() {
    return this.#climber.isCurious;
  }

  /** Connections that nobody waits for. */
  get idle() {
    return Math.max(0, this.limit - this.#active - this.#waiting.length);
  }

  /** A connection to one of `origins`, as soon as there is one: resolves to the origin. */
  acquire(origins, signal) {
    this.#learn(origins);
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting = this.#waiting.filter((other) => other !== request);
        reject(signal.reason);
      };
      const request = { origins, resolve, forget: () => signal.removeEventListener("abort", giveUp) };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener("abort", giveUp);
      this.#waiting.push(request);
      return this.#serve();
    });
  }

  release(address) {
    this.#origins.get(address).active -= 1;
    this.#count(-1);
    this.#serve();
  }

  /** A request of `size` bytes begins on a connection: what is returned goes to `arrived` or `lost`. */
  begun(size) {
    const request = this.#climber.begun(performance.now(), { size, busy: this.#active });
    return Object.assign(request, { busyTime: this.#count(0) });
  }

  arrived(request) {
    const now = performance.now();
    this.#climber.arrived(now, request, (this.#count(0) - request.busyTime) / Math.max(1, now - request.at));
  }

  lost(request) {
    this.#climber.lost(request);
  }

  answered(address) {
    this.#origins.get(address).gate.open();
  }

  failed(address, refusal, startedAt) {
    this.#origins.get(address).gate.fail(refusal, { startedAt });
    this.#serve();
  }

  /** None of these can be tried now. */
  areShut(origins) {
    return origins.every((address) => this.#origins.get(address)?.gate.isOpen === false);
  }

  shut(refusal, milliseconds) {
    for (const { gate } of this.#origins.values()) gate.fail(refusal, { milliseconds });
    this.#serve();
  }

  open() {
    for (const { gate } of this.#origins.values()) gate.open();
    this.#serve();
  }

  #learn(origins) {
    const fresh = origins.filter((address) => !this.#origins.has(address));
    if (!fresh.length) return;
    for (const address of fresh) this.#origins.set(address, new Origin(address));
    const all = [...this.#origins.values()].reduce((sum, origin) => sum + origin.capacity, 0);
    this.#climber.allow({ start: this.#origins.size === 1 ? all : START, most: Math.min(this.#most, all) });
    this.#wake();
  }

  #serve() {
    for (let index = 0; index < this.#waiting.length && this.#active < this.limit; ) {
      const request = this.#waiting[index];
      const origin = this.#best(request.origins);
      if (origin) {
        this.#waiting.splice(index, 1);
        this.#give(request, origin);
      } else {
        index += 1;
      }
    }
    this.#look();
    this.#reopenLater();
  }

  #best(addresses) {
    const open = addresses.map((address) => this.#origins.get(address)).filter((origin) => origin.room > 0);
    return open.sort((a, b) => a.active - b.active || a.usedAt - b.usedAt)[0];
  }

  #give(request, origin) {
    origin.active += 1;
    origin.usedAt = performance.now();
    this.#count(1);
    request.forget();
    request.resolve(origin.address);
  }

  /** How long connections have been busy, all of them together. */
  #count(more) {
    const now = performance.now();
    this.#busyTime += this.#active * (now - this.#countedAt);
    this.#countedAt = now;
    this.#active += more;
    return this.#busyTime;
  }

  #look() {
    const isBusy = this.#active > 0;
    if (isBusy && !this.#looking) this.#looking = setInterval(() => this.#tick(), LOOK_EVERY);
    if (!isBusy) {
      clearInterval(this.#looking);
      this.#looking = 0;
    }
  }

  #tick() {
    this.#climber.tick(performance.now(), this.#active);
    this.#serve();
    this.#wake();
  }

  #reopenLater() {
    clearTimeout(this.#reopening);
    if (!this.#waiting.length) return;
    const shut = [...this.#origins.values()].map(({ gate }) => gate.opensIn).filter((wait) => wait > 0);
    if (shut.length) this.#reopening = setTimeout(() => this.#serve(), Math.min(...shut) + 1);
  }
}
