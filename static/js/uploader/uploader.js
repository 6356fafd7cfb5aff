// The uploader without a face: files in, truthful states out. docs/transfers.md describes the protocol.
//
//   const uploader = new Uploader({ createUrl: "/transfers/uploads/", csrfToken, parallel: 4 });
//   const transfer = uploader.add(file, { subject, path, uploadId });
//   transfer.addEventListener("state", (event) => show(event.detail.state));

import { Doors } from "./doors.js";
import { Transfer } from "./transfer.js";

/** Whether this browser, at this address, can send files in parts (SHA-256 needs HTTPS or localhost). */
export function isSupported() {
  return Boolean(globalThis.crypto?.subtle && globalThis.AbortSignal?.timeout && globalThis.XMLHttpRequest);
}

/** Whether a picked file looks like the one an upload was begun with: name, folder, size and time of its last change. */
export function sameFile(file, { name, path = "", size, last_modified: lastModified = null }) {
  const relative = file.webkitRelativePath ? file.webkitRelativePath.split("/").slice(0, -1).join("/") : path;
  return (
    file.name === name &&
    relative === path &&
    file.size === size &&
    (lastModified === null || file.lastModified === lastModified)
  );
}

/**
 * Sends any number of files over at most `parallel` connections, in the order of their adding. `csrfToken` is the page's
 * token or a function that returns it. Event `idle`: no file is left that closing the page would interrupt.
 */
export class Uploader extends EventTarget {
  #doors;
  #parallel;
  #active = 0;
  #wasBusy = false;
  #working = new Set();

  transfers = [];

  constructor({ createUrl, csrfToken, parallel = 4 }) {
    super();
    this.#doors = new Doors(createUrl, csrfToken);
    this.#parallel = parallel;
    window.addEventListener("offline", () => this.#working.forEach((transfer) => transfer.networkLost()));
    window.addEventListener("online", () => [...this.#working].forEach((transfer) => transfer.networkBack()));
  }

  /**
   * Begin to send a file for `subject`, or go on with upload `uploadId`. `path` is the folders above the file, without its
   * name; left out, it is what a folder picker says. Returns its Transfer.
   */
  add(file, { subject, path, uploadId } = {}) {
    const wake = (woken) => this.#wake(woken);
    const transfer = new Transfer(file, { doors: this.#doors, wake, subject, path, uploadId });
    this.transfers.push(transfer);
    this.#working.add(transfer);
    transfer.addEventListener("state", () => this.#settle(transfer));
    queueMicrotask(() => this.#pump());
    return transfer;
  }

  /** Closing the page now would leave something unsent. */
  get busy() {
    return this.#working.size > 0;
  }

  pause() {
    for (const transfer of this.transfers) transfer.pause();
  }

  resume() {
    for (const transfer of this.transfers) transfer.resume();
  }

  #wake(transfer) {
    if (transfer.isInterruptible) this.#working.add(transfer);
    this.#pump();
  }

  #settle(transfer) {
    if (!transfer.isInterruptible) this.#working.delete(transfer);
    this.#pump();
  }

  #pump() {
    while (this.#active < this.#parallel) {
      const job = this.#nextJob();
      if (!job) break;
      this.#active += 1;
      job().finally(() => {
        this.#active -= 1;
        this.#pump();
      });
    }
    const { busy } = this;
    if (this.#wasBusy && !busy) this.dispatchEvent(new Event("idle"));
    this.#wasBusy = busy;
  }

  /** Files that the gateway has not heard of come first, so that all of them are known before the bytes of one have gone. */
  #inOrder() {
    const working = [...this.#working];
    return [...working.filter((transfer) => !transfer.id), ...working.filter((transfer) => transfer.id)];
  }

  #nextJob() {
    for (const transfer of this.#inOrder()) {
      const job = transfer.takeJob();
      if (job) return job;
    }
    return null;
  }
}
