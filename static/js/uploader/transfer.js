// One file on its way: what it needs next, what to do when that fails, and what to say about it.

import { Direct, Relay } from "./carriers.js";
import { compare } from "./comparing.js";
import { Ledger } from "./ledger.js";
import { Claim } from "./locks.js";
import { waitAfter } from "./pace.js";
import { Progress } from "./progress.js";
import { Refusal, changed } from "./refusals.js";
import { ENDED, FOLLOWED, PAST_SENDING, WORKING, stateOf } from "./states.js";

const SIGN_IN_RETRY = 30_000;
const MISMATCHES = 3;

// Of a part in these states the gateway may have nothing.
const NOT_THERE = new Set(["missing", "promised"]);
// After these the gateway knows better than this page what it has.
const OUT_OF_STEP = new Set(["upload_ended", "range_overlaps", "not_found"]);
const OTHER_TAB = "Another tab is sending this file. It goes on here when that one is closed.";
const BROKEN = "Something broke on this page. Reload it and choose the file again: what was sent stays.";
const GIVEN_UP = "The gateway has given this file up. Send it again.";
const REFUSED = "This file was refused without a reason. Try again, or choose it again.";

/**
 * Made by `Uploader.add`. Events: `created` (the id is known), `progress`, and `state` with
 * `detail = {state, previous, reason, code}`. States: queued, uploading, waiting, paused, uploaded, stored, scanning, verified,
 * quarantined, failed, aborted. From `uploaded` on the page may be closed.
 */
export class Transfer extends EventTarget {
  #engine;
  #subject;
  #isResumed;
  #ledger = null;
  #isStale = true;
  #isInControl = false;
  #failures = 0;
  #mismatches = 0;
  #retryAt = 0;
  #stop = null;
  #claim = null;
  #isElsewhere = false;
  #progress = new Progress(
    () => this.sent,
    () => this.dispatchEvent(new Event("progress")),
  );

  file;
  path;
  id;
  size;
  carrier = null;
  state = "queued";
  reason = "";
  code = "";
  sha256 = "";

  /** `engine` is the uploader's inside: `{doors, hash, touch, follow, retry, isShut}`. */
  constructor(file, { engine, subject, path, uploadId }) {
    super();
    this.file = file;
    this.size = file.size;
    this.path = path ?? folderOf(file);
    this.id = uploadId ?? null;
    this.lastModified = file.lastModified;
    this.#engine = engine;
    this.#subject = subject;
    this.#isResumed = Boolean(uploadId);
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
    return this.state === "uploading" ? this.#progress.rate : 0;
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
    this.#become("paused");
  }

  /** Go on after a pause, a failure or a sign-in: the gateway is asked what it has, and only the rest travels. */
  resume() {
    if (!["paused", "failed", "waiting"].includes(this.state) || this.#isElsewhere) return;
    this.#failures = 0;
    this.#mismatches = 0;
    this.#retryAt = 0;
    this.#isStale = true;
    this.#become("queued");
    this.#engine.retry();
  }

  /** Give the file up, here and at the gateway. Resolves when the gateway knows, or cannot be told. */
  async abort() {
    if (["aborted", "verified", "quarantined"].includes(this.state)) return;
    this.#become("aborted");
    await this.#engine.doors.giveUp(this.id);
  }

  // --- For the uploader ---------------------------------------------------------------------------------------------
  /** What has to be done next: "open", "bytes", "complete", or null when there is nothing just now. */
  get need() {
    if (!WORKING.has(this.state) || this.#isInControl || this.#isElsewhere || Date.now() < this.#retryAt) return null;
    if (this.#isStale) return "open";
    if (this.#ledger.isComplete) return this.#ledger.underWayCount ? null : "complete";
    return this.#ledger.hasOpen ? "bytes" : null;
  }

  async control(need) {
    this.#isInControl = true;
    try {
      await (need === "open" ? this.#open() : this.#complete());
      this.#failures = 0;
      return null;
    } catch (error) {
      this.#controlFailed(error);
      return error;
    } finally {
      this.#isInControl = false;
      this.#engine.touch(this);
    }
  }

  waitFor(refusal) {
    if (!WORKING.has(this.state)) return;
    const [code, reason] = refusal.waiting;
    this.#become("waiting", reason, code);
  }

  // --- For the sender -----------------------------------------------------------------------------------------------
  /** Aborted when what is under way is to end. */
  get signal() {
    this.#stop ??= new AbortController();
    return this.#stop.signal;
  }

  get partSize() {
    return this.#ledger.partSize;
  }

  get left() {
    return this.size - this.acknowledged;
  }

  /** Whether the file is, as far as the browser tells, the one that was begun. */
  get isUnchanged() {
    return this.file.size === this.size && this.file.lastModified === this.lastModified;
  }

  take(size) {
    const span = this.#ledger.take(size);
    if (!this.#ledger.hasOpen) this.#engine.touch(this);
    return span;
  }

  slice(place) {
    if (!this.isUnchanged) throw changed();
    return this.file.slice(...this.#ledger.placeOf(place));
  }

  prepare(span, digest) {
    return this.carrier.prepare(span, digest, { place: this.#ledger.placeOf(span), size: this.size });
  }

  moved() {
    this.#progress.moved();
  }

  arrived(span, answer) {
    this.#ledger.acknowledge(span, { isWhole: Boolean(answer.state) && answer.state !== "partial" });
    this.#failures = 0;
    this.#retryAt = 0;
    if (this.state === "waiting") this.#become("uploading");
    this.#progress.moved();
    this.#engine.touch(this);
  }

  giveBack(span) {
    this.#ledger?.giveBack(span);
    this.#progress.moved();
    this.#engine.touch(this);
  }

  /** Whether this tab sends the file: not while another one does. */
  async claim() {
    const { signal } = this;
    this.#claim ??= new Claim(`mag-upload-${this.id}`);
    if (await this.#claim.take()) return true;
    if (!this.#isElsewhere && !signal.aborted) this.#waitForTheOtherTab(signal);
    return false;
  }

  /** A span was not acknowledged; `way` is what it was sent with, null when it did not come so far. */
  failed(error, way = null) {
    if (this.#isOver(error)) return;
    if (way) this.#spanFailed(error, way);
    else if (error.needsSignIn) this.#waitHere(SIGN_IN_RETRY, error);
    else if (error.isPassing) this.#waitHere(error.retryAfter ?? waitAfter((this.#failures += 1)), error);
    else this.#failFor(error);
    this.#engine.touch(this);
  }

  // --- For the follower ---------------------------------------------------------------------------------------------
  get isFollowed() {
    return FOLLOWED.has(this.state);
  }

  /** Everything is at the gateway: what it says about how far it is. */
  follow(document) {
    if (document.state === "receiving") {
      // A part was lost on the gateway's side: it is asked for again.
      this.#isStale = true;
      this.#become("queued");
      return this.#engine.touch(this);
    }
    const state = stateOf(document);
    if (!state) return this.#fail(document.state, document.reason || GIVEN_UP);
    this.sha256 = document.sha256;
    this.#become(state, document.reason);
    if (FOLLOWED.has(state)) this.#engine.follow(this);
    else this.#forget();
    return this.#progress.moved();
  }

  isGone() {
    this.#fail("not_found", "This file was removed.");
  }

  // --- Steps --------------------------------------------------------------------------------------------------------
  get #isPastSending() {
    return PAST_SENDING.has(this.state);
  }

  /** Create the upload, or ask what the gateway has of it. */
  async #open() {
    const document = this.id ? await this.#engine.doors.describe(this.id) : await this.#create();
    if (this.state === "aborted") return this.#engine.doors.giveUp(this.id);
    if (document.size !== this.size) throw changed();
    if (document.state !== "receiving") return this.follow(document);
    this.carrier ??= new (document.door === "direct" ? Direct : Relay)(this.#engine.doors, document);
    this.#ledger ??= new Ledger(document);
    const parts = document.parts.filter((part) => !NOT_THERE.has(part.state));
    this.#ledger.adopt(parts, document.pieces);
    if (this.#isResumed) await this.#compare([...parts, ...(document.pieces ?? [])], document.last_modified);
    this.#isStale = false;
    this.#progress.start();
    if (WORKING.has(this.state)) this.#become("uploading");
    return this.#progress.moved();
  }

  async #create() {
    const document = await this.#engine.doors.create({
      subject: this.#subject,
      name: this.file.name,
      path: this.path,
      size: this.size,
      last_modified: this.file.lastModified,
    });
    this.id = document.id;
    this.dispatchEvent(new CustomEvent("created", { detail: { id: this.id } }));
    return document;
  }

  async #compare(present, lastModified) {
    const hashOf = (entry) => this.#engine.hash(this.slice(entry));
    await compare(this.file, present, { lastModified, hashOf });
    this.#isResumed = false;
  }

  async #complete() {
    this.follow(await this.#engine.doors.complete(this.id));
  }

  async #waitForTheOtherTab(signal) {
    this.#isElsewhere = true;
    this.#become("waiting", OTHER_TAB, "other_tab");
    try {
      await this.#claim.wait(signal);
      this.#isStale = true;
    } catch {
      // Paused or removed meanwhile.
    }
    this.#isElsewhere = false;
    this.#engine.touch(this);
  }

  // --- What fails ---------------------------------------------------------------------------------------------------
  #controlFailed(error) {
    if (this.#isOver(error)) return;
    if (error.code === "parts_missing") this.#ledger.lose(error.document.missing);
    else if (error.needsSignIn || error.isPassing) {
      this.#becomeStale();
      this.waitFor(error);
    } else this.#failFor(error);
  }

  #spanFailed(error, way) {
    if (way.isOutdated(error) && this.#mismatches < MISMATCHES) {
      // A token or an address has ended; the next attempt fetches another.
      this.#mismatches += error.status === 401 ? 0 : 1;
      this.#waitHere(waitAfter((this.#failures += 1)));
    } else if (error.code === "digest_mismatch" && this.#mismatches < MISMATCHES) {
      this.#mismatches += 1;
      this.#waitHere(waitAfter(this.#mismatches));
    } else if (OUT_OF_STEP.has(error.code) || error.status === 404) {
      this.#isStale = true;
    } else if (error.isPassing) {
      this.#becomeStale();
      if (this.#engine.isShut(way.origins)) this.waitFor(error);
    } else {
      this.#failFor(error);
    }
  }

  #isOver(error) {
    if (ENDED.has(this.state) || this.state === "paused") return true;
    if (error instanceof Refusal) return false;
    this.#fail("error", BROKEN);
    throw error;
  }

  /** A lost answer may hide a refusal, or bytes that arrived after all: ask before sending them a third time. */
  #becomeStale() {
    this.#failures += 1;
    this.#isStale ||= this.#failures > 1;
  }

  #waitHere(milliseconds, refusal = null) {
    this.#retryAt = Date.now() + milliseconds;
    if (refusal) this.waitFor(refusal);
    setTimeout(() => this.#engine.touch(this), milliseconds + 1);
  }

  #failFor(error) {
    this.#fail(error.code === "part_differs" ? "file_changed" : error.code, error.sentence || REFUSED);
  }

  #fail(code, reason) {
    this.#become("failed", reason, code);
  }

  // --- What is said -------------------------------------------------------------------------------------------------
  #become(state, reason = "", code = "") {
    const previous = this.state;
    if (previous === state && this.reason === reason) return;
    Object.assign(this, { state, reason, code });
    if (!WORKING.has(state)) this.#rest();
    this.dispatchEvent(new CustomEvent("state", { detail: { state, previous, reason, code } }));
    this.#engine.touch(this);
  }

  /** Nothing is to travel now: other tabs may send the file. */
  #rest() {
    this.#stop?.abort();
    this.#stop = null;
    this.#claim?.letGo();
    this.#claim = null;
  }

  /** Nothing will be sent any more: let go of the file and of what is known of its parts. */
  #forget() {
    this.#ledger = this.carrier = this.file = null;
  }
}

function folderOf(file) {
  return (file.webkitRelativePath ?? "").split("/").slice(0, -1).join("/");
}
