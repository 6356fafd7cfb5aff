// One tab at a time sends a file.

/** Resolves to the function that lets go of `name`; to null where another tab holds it and `ifAvailable` is set. */
function hold(name, options) {
  return new Promise((resolve, reject) => {
    const held = (lock) => (lock ? new Promise((release) => resolve(release)) : resolve(null));
    navigator.locks.request(name, options, held).catch(reject);
  });
}

/** This tab's claim to be the one that sends what is called `name`. */
export class Claim {
  #name;
  #release = null;

  constructor(name) {
    this.#name = name;
  }

  /** Resolves to whether this tab has it now. */
  async take() {
    this.#release ??= hold(this.#name, { ifAvailable: true });
    return Boolean(await this.#release);
  }

  /** Resolves once the other tab has let go of it; rejects when `signal` ends the wait. */
  async wait(signal) {
    this.#release = null;
    const release = await hold(this.#name, { signal });
    this.#release = Promise.resolve(release);
  }

  letGo() {
    this.#release?.then((release) => release?.());
    this.#release = null;
  }
}
