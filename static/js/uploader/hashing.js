// SHA-256 of slices of files, read and hashed in workers: the page never holds the bytes. This module is the worker too, so
// that both are always of one version.

const MOST_WORKERS = 2;

class Broken extends Error {}

/** Hashes on up to two workers, started with the first slice. `sha256(blob)` rejects when the slice cannot be read. */
export class Hasher {
  #workers = [];
  #waiting = new Map();
  #next = 0;

  /** Resolves to the 32 bytes of the digest. */
  sha256(blob) {
    return new Promise((resolve, reject) => {
      const key = (this.#next += 1);
      const worker = this.#leastBusy();
      worker.load += 1;
      this.#waiting.set(key, { worker, resolve, reject });
      worker.postMessage({ key, blob });
    });
  }

  #leastBusy() {
    const free = this.#workers.find((worker) => worker.load === 0);
    if (free) return free;
    if (this.#workers.length < MOST_WORKERS) return this.#start();
    return this.#workers.reduce((best, worker) => (worker.load < best.load ? worker : best));
  }

  #start() {
    const worker = new Worker(import.meta.url, { type: "module" });
    worker.load = 0;
    worker.onmessage = ({ data }) => this.#answered(data);
    worker.onerror = () => this.#died(worker);
    this.#workers.push(worker);
    return worker;
  }

  #answered({ key, digest, error }) {
    const { worker, resolve, reject } = this.#waiting.get(key);
    this.#waiting.delete(key);
    worker.load -= 1;
    if (error) reject(new DOMException("The slice could not be read.", error));
    else resolve(digest);
  }

  #died(worker) {
    this.#workers = this.#workers.filter((other) => other !== worker);
    for (const [key, { worker: its, reject }] of this.#waiting) {
      if (its !== worker) continue;
      this.#waiting.delete(key);
      reject(new Broken("The worker that computes checksums ended."));
    }
  }
}

// One slice at a time, whatever waits: what is in memory is what is being hashed.
let last = Promise.resolve();

async function answer({ key, blob }) {
  try {
    const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
    postMessage({ key, digest: new Uint8Array(digest) });
  } catch (error) {
    postMessage({ key, error: error.name });
  }
}

if (globalThis.WorkerGlobalScope) {
  onmessage = ({ data }) => {
    last = last.then(() => answer(data));
  };
}
