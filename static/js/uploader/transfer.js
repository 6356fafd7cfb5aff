// One file on its way: what to do next, what to do when it fails, and what to say about it.

import { contentDigest, sha256, toHex } from "./digest.js";
import { Refusal, putPart } from "./doors.js";
import { Ledger } from "./ledger.js";
import { Meter, waitAfter } from "./pace.js";

const PROGRESS_EVERY = 200;
const RENEW_BEFORE = 60_000;
const SIGN_IN_RETRY = 30_000;
// Browsers are sometimes wrong about being offline.
const OFFLINE_RETRY = 30_000;
const FIRST_POLL = 400;
const LONGEST_POLL = 5000;
// Parts under way are in memory; of very large ones fewer travel at a time.
const MOST_IN_MEMORY = 256 * 1024 ** 2;
const MISMATCHES = 3;
const SAMPLES = 3;

const WORKING = new Set(["queued", "uploading", "waiting"]);
const ENDED = new Set(["verified", "failed", "aborted"]);
// The gateway's states of a complete upload, in words for people.
const FOLLOWED = { pushing: "uploaded", verifying: "stored", stored: "verified" };

/**
 * Made by `Uploader.add`. Events: `created` (the id is known), `progress`, and `state` with
 * `detail = {state, previous, reason, code}`. States: queued, uploading, waiting, paused, uploaded, stored, verified,
 * failed, aborted. From `uploaded` on the page may be closed.
 */
export class Transfer extends EventTarget {
  #doors;
  #wake;
  #subject;
  #resumed;
  #ledger = null;
  #access = null;
  #renewal = null;
  #inControl = false;
  #isStale = true;
  #failures = 0;
  #mismatches = 0;
  #retryAt = 0;
  #stop = new AbortController();
  #meter = new Meter();
  #lastProgress = 0;
  #trailing = 0;
  #poll = { timer: 0, wait: FIRST_POLL };

  file;
  path;
  id;
  state = "queued";
  reason = "";
  code = "";
  sha256 = "";

  /** `wake(transfer)` asks the uploader to come for jobs again. */
  constructor(file, { doors, wake, subject, path, uploadId }) {
    super();
    this.file = file;
    this.path = path ?? folderOf(file);
    this.id = uploadId ?? null;
    this.#doors = doors;
    this.#wake = wake;
    this.#subject = subject;
    this.#resumed = Boolean(uploadId);
  }

  get size() {
    return this.file.size;
  }

  /** Bytes that the gateway has on its disk for sure. */
  get acknowledged() {
    return this.#isPastSending ? this.size : (this.#ledger?.acknowledged ?? 0);
  }

  /** Acknowledged bytes and those that have left: what a bar shows. */
  get sent() {
    return this.#isPastSending ? this.size : (this.#ledger?.sent ?? 0);
  }

  /** Bytes per second, smoothed. */
  get rate() {
    return this.state === "uploading" ? this.#meter.rate : 0;
  }

  /** Seconds until every byte has left, or null while nobody can say. */
  get secondsLeft() {
    return this.rate > 0 ? (this.size - this.sent) / this.rate : null;
  }

  /** Closing the page now would leave something unsent. */
  get isInterruptible() {
    return WORKING.has(this.state);
  }

  /** Stop sending; what is acknowledged stays. */
  pause() {
    if (!WORKING.has(this.state)) return;
    this.#halt();
    this.#become("paused");
  }

  /** Go on after a pause, a failure or a sign-in: the gateway is asked what it has, and only the rest travels. */
  resume() {
    if (!["paused", "failed", "waiting"].includes(this.state)) return;
    this.#failures = 0;
    this.#mismatches = 0;
    this.#retryAt = 0;
    this.#isStale = true;
    this.#become("queued");
    this.#wake(this);
  }

  /** Give the file up, here and at the gateway. Resolves when the gateway knows, or cannot be told. */
  async abort() {
    if (this.state === "aborted" || this.state === "verified") return;
    this.#halt();
    clearTimeout(this.#poll.timer);
    this.#become("aborted");
    await this.#tellAborted();
  }

  /** The network went away: what is under way will fail by itself. */
  networkLost() {
    if (WORKING.has(this.state)) this.#waitFor(OFFLINE_RETRY, "offline", "You are offline. Sending goes on when you are back.");
  }

  networkBack() {
    if (this.state !== "waiting" || this.code === "sign_in_required") return;
    this.#failures = 0;
    this.#retryAt = 0;
    this.#wake(this);
  }

  /** The next thing to do as a function that returns a promise, or null when there is nothing just now. */
  takeJob() {
    if (!WORKING.has(this.state) || this.#inControl || Date.now() < this.#retryAt) return null;
    if (this.#isStale) return () => this.#control(() => this.#open());
    if (this.#ledger.isComplete) {
      return this.#ledger.underWayCount ? null : () => this.#control(() => this.#complete());
    }
    const inMemory = this.#ledger.underWayCount * this.#ledger.partSize;
    if (inMemory && inMemory + this.#ledger.partSize > MOST_IN_MEMORY) return null;
    const number = this.#ledger.take();
    return number === null ? null : () => this.#send(number);
  }

  get #isPastSending() {
    return this.state === "uploaded" || this.state === "stored" || this.state === "verified";
  }

  async #control(act) {
    this.#inControl = true;
    try {
      await act();
      this.#failures = 0;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#inControl = false;
    }
  }

  /** Create the upload, or ask what the gateway has of it. */
  async #open() {
    const document = this.id ? await this.#doors.describe(this.id) : await this.#create();
    if (this.state === "aborted") return this.#tellAborted();
    if (document.size !== this.size) throw changed();
    if (document.state !== "receiving") return this.#follow(document);
    this.#ledger ??= new Ledger(document);
    this.#ledger.adopt(document.parts);
    if (this.#resumed) await this.#compare(document.parts);
    this.#isStale = false;
    this.#meter.reset(this.sent);
    if (WORKING.has(this.state)) this.#become("uploading");
    return this.#progress();
  }

  async #create() {
    const document = await this.#doors.create({
      subject: this.#subject,
      name: this.file.name,
      path: this.path,
      size: this.size,
      last_modified: this.file.lastModified,
    });
    this.id = document.id;
    this.#access = accessOf(document);
    this.dispatchEvent(new CustomEvent("created", { detail: { id: this.id } }));
    return document;
  }

  /** A file picked again must be the one begun: some of the parts already there are compared with it. */
  async #compare(parts) {
    const present = parts.filter((part) => part.state !== "missing");
    const step = Math.max(1, Math.floor(present.length / (SAMPLES - 1)));
    const samples = present.filter((_, index) => index % step === 0).slice(0, SAMPLES - 1);
    if (present.length) samples.push(present.at(-1));
    for (const part of samples) {
      const digest = await sha256(await this.#read(part.number));
      if (toHex(digest) !== part.sha256) throw changed();
    }
    this.#resumed = false;
  }

  async #send(number) {
    const { signal } = this.#stop;
    let access = null;
    try {
      access = await this.#freshAccess();
      const digest = contentDigest(await sha256(await this.#read(number)));
      const origin = access.origins[number % access.origins.length];
      await putPart(this.#doors.partUrl(origin, this.id, number), {
        token: access.token,
        digest,
        // From the disk again, not from memory: the browser streams a piece of a file, but would keep copies of a buffer.
        body: this.#piece(number),
        signal,
        onProgress: (loaded) => {
          this.#ledger.progress(number, loaded);
          this.#progress();
        },
      });
      this.#ledger.acknowledge(number);
      this.#failures = 0;
      this.#retryAt = 0;
      if (this.state === "waiting") this.#become("uploading");
    } catch (error) {
      this.#ledger.giveBack(number);
      if (!signal.aborted) this.#partFailed(error, access);
    }
    this.#progress();
  }

  async #complete() {
    this.#follow(await this.#doors.complete(this.id));
  }

  /** Everything is at the gateway: tell how far it is with it, until it is verified. */
  #follow(document) {
    if (document.state === "receiving") {
      // A part was lost on the gateway's side: it is asked for again.
      this.#isStale = true;
      this.#become("queued");
      return this.#wake(this);
    }
    const state = FOLLOWED[document.state];
    if (!state) return this.#fail(document.state, document.reason || "The gateway has given this file up. Send it again.");
    this.sha256 = document.sha256;
    this.#become(state);
    this.#progress();
    return state === "verified" ? undefined : this.#pollLater();
  }

  #pollLater() {
    this.#poll.wait = Math.min(LONGEST_POLL, this.#poll.wait * 1.5);
    this.#poll.timer = setTimeout(async () => {
      try {
        const document = await this.#doors.describe(this.id, { parts: false });
        if (!ENDED.has(this.state)) this.#follow(document);
      } catch (error) {
        if (error.status === 404) this.#fail("not_found", "This file was removed.");
        else this.#pollLater();
      }
    }, this.#poll.wait);
  }

  async #read(number) {
    try {
      return await this.#piece(number).arrayBuffer();
    } catch {
      throw new Refusal({
        code: "file_unreadable",
        status: 400,
        message: "The file can no longer be read. Was it moved, renamed or changed? Choose it again.",
      });
    }
  }

  #piece(number) {
    return this.file.slice(...this.#ledger.rangeOf(number));
  }

  /** A token with some life left; parts that ask at once share one renewal. */
  async #freshAccess() {
    if (this.#access && this.#access.expiresAt - Date.now() > RENEW_BEFORE) return this.#access;
    this.#renewal ??= this.#doors.token(this.id).finally(() => {
      this.#renewal = null;
    });
    this.#access = accessOf(await this.#renewal);
    return this.#access;
  }

  /** `access` is what the part was sent with; without it not even a token was to be had. */
  #partFailed(error, access) {
    if (error.status === 401 && access) {
      // Parts that travelled side by side are all refused with the old token; the new one stays.
      if (this.#access === access) this.#access = null;
      this.#waitFor(waitAfter(++this.#failures), "network", "");
    } else if (error.code === "digest_mismatch" && ++this.#mismatches < MISMATCHES) {
      this.#waitFor(waitAfter(++this.#failures), "network", "A part arrived damaged and is sent again.");
    } else if (error.code === "upload_ended" || error.status === 404) {
      this.#isStale = true;
      this.#waitFor(0, "", "");
    } else {
      this.#failed(error);
    }
  }

  #failed(error) {
    if (ENDED.has(this.state) || this.state === "paused") return;
    if (!(error instanceof Refusal)) {
      this.#fail("error", "Something broke on this page. Reload it and choose the file again: what was sent stays.");
      throw error;
    }
    if (error.code === "parts_missing") {
      this.#ledger.lose(error.document.missing);
      this.#wake(this);
    } else if (error.needsSignIn) {
      this.#access = null;
      this.#waitFor(SIGN_IN_RETRY, "sign_in_required", "Your sign-in has ended. Sign in again to go on; what was sent stays.");
    } else if (error.isPassing) {
      this.#failures += 1;
      this.#isStale ||= this.#failures > 1;
      const isBusy = error.status > 0;
      const reason = isBusy ? error.message || "The gateway is busy." : "The network does not answer.";
      this.#waitFor(error.retryAfter ?? waitAfter(this.#failures), isBusy ? "busy" : "network", reason);
    } else {
      this.#fail(error.code === "part_differs" ? "file_changed" : error.code, fieldsOf(error) || error.message);
    }
  }

  #waitFor(milliseconds, code, reason) {
    this.#retryAt = Date.now() + milliseconds;
    if (reason) this.#become("waiting", reason, code);
    setTimeout(() => this.#wake(this), milliseconds + 1);
  }

  #fail(code, reason) {
    this.#halt();
    this.#become("failed", reason, code);
  }

  /** End what is under way; the parts go back to those still to be sent. */
  #halt() {
    this.#stop.abort();
    this.#stop = new AbortController();
  }

  async #tellAborted() {
    for (let failures = 1; this.id && failures <= 5; failures += 1) {
      try {
        await this.#doors.abort(this.id);
        return;
      } catch (error) {
        if (!error.isPassing) return;
        await new Promise((resolve) => setTimeout(resolve, waitAfter(failures)));
      }
    }
  }

  #become(state, reason = "", code = "") {
    const previous = this.state;
    if (previous === state && this.reason === reason) return;
    Object.assign(this, { state, reason, code });
    this.dispatchEvent(new CustomEvent("state", { detail: { state, previous, reason, code } }));
  }

  #progress() {
    const due = this.#lastProgress + PROGRESS_EVERY - performance.now();
    if (due > 0) {
      this.#trailing ||= setTimeout(() => this.#progress(), due);
      return;
    }
    clearTimeout(this.#trailing);
    this.#trailing = 0;
    this.#lastProgress = performance.now();
    this.#meter.update(this.sent);
    this.dispatchEvent(new Event("progress"));
  }
}

function folderOf(file) {
  return (file.webkitRelativePath ?? "").split("/").slice(0, -1).join("/");
}

function accessOf({ token, token_expires_at: expires, origins }) {
  return { token, expiresAt: Date.parse(expires), origins };
}

function changed() {
  const message = "This is not the file that was begun: its size or content has changed. Remove it here and send it anew.";
  return new Refusal({ code: "file_changed", status: 409, message });
}

function fieldsOf(error) {
  return Object.values(error.document.fields ?? {}).join(" ");
}
