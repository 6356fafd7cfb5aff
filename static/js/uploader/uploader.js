// The uploader without a face: files in, truthful states out. docs/transfers.md describes the protocol.
//
//   const uploader = new Uploader({ createUrl: "/transfers/uploads/", csrfToken });
//   const transfer = uploader.add(file, { subject, path, uploadId });
//   transfer.addEventListener("state", (event) => show(event.detail.state));

import { Doors } from "./doors.js";
import { Follower } from "./follower.js";
import { Gate } from "./gate.js";
import { Hasher } from "./hashing.js";
import { Lines } from "./lines.js";
import { offline, unreadable } from "./refusals.js";
import { Sender } from "./sender.js";
import { Transfer } from "./transfer.js";
import { onWaking } from "./wakefulness.js";

const MOST_LINES = 24;
// Requests under the session at a time: of many small files several are created while others are on their way.
const CONTROLS = 4;
// Browsers are sometimes wrong about being offline.
const OFFLINE_RETRY = 30_000;
const SIGN_IN_RETRY = 30_000;
// What is complete makes room for what comes; files are announced in the order they were added.
const IN_CONTROL = ["complete", "open"];

/** Whether this browser, at this address, can send files in parts (SHA-256 needs HTTPS or localhost). */
export function isSupported() {
  return Boolean(
    globalThis.crypto?.subtle && globalThis.AbortSignal?.timeout && globalThis.XMLHttpRequest && navigator.locks,
  );
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
 * Sends any number of files over at most `parallel` connections, as many as the line rewards. `csrfToken` is the page's
 * token or a function that returns it. Event `idle`: no file is left that closing the page would interrupt.
 */
export class Uploader extends EventTarget {
  #doors;
  #lines;
  #sender;
  #follower;
  #gate = new Gate();
  #reopening = 0;
  #inControl = 0;
  #isPumping = false;
  #wasBusy = false;
  #working = new Set();
  #needing = { open: new Set(), bytes: new Set(), complete: new Set() };
  #engine;

  transfers = [];

  constructor({ createUrl, csrfToken, parallel = MOST_LINES }) {
    super();
    const hasher = new Hasher();
    this.#doors = new Doors(createUrl, csrfToken);
    this.#follower = new Follower(this.#doors);
    this.#lines = new Lines(parallel, () => this.#wake());
    this.#sender = new Sender({ lines: this.#lines, hasher, source: this.#source() });
    this.#engine = {
      doors: this.#doors,
      hash: (blob) => hasher.sha256(blob).catch(() => Promise.reject(unreadable())),
      touch: (transfer) => this.#touch(transfer),
      follow: (transfer) => this.#follower.add(transfer),
      retry: () => this.#retry(),
      isShut: (origins) => this.#lines.areShut(origins),
    };
    window.addEventListener("offline", () => this.#networkLost());
    window.addEventListener("online", () => this.#networkBack());
    onWaking(() => this.#networkBack({ hasSlept: true }));
  }

  /**
   * Begin to send a file for `subject`, or go on with upload `uploadId`. `path` is the folders above the file, without its
   * name; left out, it is what a folder picker says. Returns its Transfer.
   */
  add(file, { subject, path, uploadId } = {}) {
    const transfer = new Transfer(file, { engine: this.#engine, subject, path, uploadId });
    this.transfers.push(transfer);
    this.#touch(transfer);
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

  #source() {
    const { bytes } = this.#needing;
    return {
      next: () => first(bytes),
      isOnly: (transfer) => bytes.size === (bytes.has(transfer) ? 1 : 0) && !this.#needing.open.size,
    };
  }

  /** Put the transfer where what it needs next is looked for. */
  #touch(transfer) {
    const { need } = transfer;
    for (const [name, set] of Object.entries(this.#needing)) {
      if (name === need) set.add(transfer);
      else set.delete(transfer);
    }
    if (transfer.isInterruptible) this.#working.add(transfer);
    else this.#working.delete(transfer);
    this.#wake();
  }

  /** Once for everything that happens in one turn. */
  #wake() {
    if (this.#isPumping) return;
    this.#isPumping = true;
    queueMicrotask(() => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  #pump() {
    this.#pumpControl();
    this.#sender.pump();
    const { busy } = this;
    if (this.#wasBusy && !busy) this.dispatchEvent(new Event("idle"));
    this.#wasBusy = busy;
  }

  #pumpControl() {
    const width = this.#gate.isOnTrial ? 1 : CONTROLS;
    while (this.#gate.isOpen && this.#inControl < width) {
      const need = IN_CONTROL.find((name) => this.#needing[name].size);
      if (!need) return;
      this.#control(first(this.#needing[need]), need);
    }
    clearTimeout(this.#reopening);
    if (!this.#gate.isOpen) this.#reopening = setTimeout(() => this.#wake(), this.#gate.opensIn + 1);
  }

  async #control(transfer, need) {
    this.#needing[need].delete(transfer);
    this.#inControl += 1;
    const startedAt = performance.now();
    const error = await transfer.control(need);
    this.#inControl -= 1;
    if (error?.needsSignIn) this.#gate.fail(error, { startedAt, milliseconds: SIGN_IN_RETRY });
    else if (error?.isPassing) this.#gate.fail(error, { startedAt });
    else this.#gate.open();
    this.#wake();
  }

  #retry() {
    this.#gate.open();
    this.#lines.open();
    this.#wake();
  }

  #networkLost() {
    const refusal = offline();
    this.#gate.fail(refusal, { milliseconds: OFFLINE_RETRY });
    this.#lines.shut(refusal, OFFLINE_RETRY);
    for (const transfer of this.#working) if (transfer.state === "uploading") transfer.waitFor(refusal);
  }

  #networkBack({ hasSlept = false } = {}) {
    this.#sender.restart({ silent: !hasSlept });
    this.#retry();
  }
}

function first(set) {
  return set.values().next().value;
}
