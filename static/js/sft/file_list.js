// The files of one package in this browser: rows, the engine behind them, and how far all of them are together.

import { Uploader, sameFile } from "../uploader/uploader.js";
import { csrfToken } from "./csrf.js";
import { FileRow } from "./file_row.js";
import { Refusal } from "./http.js";
import { files, hasArrived, rate, size, timeLeft } from "./words.js";

const LOOK_AGAIN = 100;
// From this many on, rows out of sight are not laid out, and what is said of all of them is said less often.
const LONG = 200;
const TELL_EVERY = 250;

/**
 * Event `change`: files came, went, changed their state or moved on.
 * `subject` gives the package's id; `grows` says whether new files may join.
 */
export class FileList extends EventTarget {
  constructor(root, { uploadsUrl, subject, grows }) {
    super();
    this.list = root.querySelector("[data-file-list]");
    this.template = root.querySelector("[data-file-template]");
    this.overall = root.querySelector("[data-overall]");
    this.subject = subject;
    this.grows = grows;
    this.uploader = new Uploader({ createUrl: uploadsUrl, csrfToken });
    this.rowOf = new WeakMap();
    this.telling = 0;
    this.rows = [...this.list.children].map((element) => this.listen(new FileRow(element)));
    this.list.addEventListener("click", (event) => this.pressed(event));
    this.overall.querySelector("[data-pause-all]").addEventListener("click", () => this.uploader.pause());
    this.overall.querySelector("[data-resume-all]").addEventListener("click", () => this.uploader.resume());
    addEventListener("beforeunload", (event) => this.uploader.busy && event.preventDefault());
  }

  get busy() {
    return this.uploader.busy;
  }

  get allArrived() {
    return this.rows.every((row) => hasArrived(row.state));
  }

  get waitingForFiles() {
    return this.rows.filter((row) => row.isWaitingForFile);
  }

  get totalSize() {
    return this.rows.reduce((sum, row) => sum + row.size, 0);
  }

  /** Send what was picked. A file that was begun earlier continues; returns those that do not belong to this package. */
  async take(picked) {
    const strangers = [];
    const fresh = [];
    const waiting = Map.groupBy(this.waitingForFiles, (row) => row.element.dataset.name);
    for (const item of picked) {
      const row = waiting.get(item.file.name)?.find((candidate) => candidate.isWaitingForFile && isSame(item, candidate));
      if (row) this.start(row, item, await this.subject());
      else if (this.grows) fresh.push(item);
      else strangers.push(item.file.name);
    }
    this.refuseTooMany(fresh);
    const rows = fresh.map((item) => this.append(item));
    if (fresh.length) {
      const subject = await this.subject().catch((refusal) => {
        for (const row of rows) row.show("failed", refusal.message);
        throw refusal;
      });
      rows.forEach((row, index) => this.start(row, fresh[index], subject));
    }
    this.tell();
    return strangers;
  }

  /** Before there is a row for each of a folder that can never become a package. */
  refuseTooMany(fresh) {
    const most = Number(this.list.dataset.most);
    if (!most || this.rows.length + fresh.length <= most) return;
    const amount = (count) => count.toLocaleString("en");
    throw new Refusal(
      `A package can hold ${amount(most)} files at most. With these it would be ${amount(this.rows.length + fresh.length)}, so none was added: choose fewer, or pack them into an archive.`,
    );
  }

  /** Resolves once the portal has heard of every file; rejects with a sentence when it will not take one. */
  async announced() {
    for (;;) {
      const refused = this.rows.find((row) => row.state === "failed");
      if (refused) throw new Refusal(`“${refused.element.dataset.name}” did not arrive. Retry or remove it, then send.`);
      if (this.rows.every((row) => row.uploadId)) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
    }
  }

  /** What the server knows of the files by now. */
  learn(documents) {
    const byUpload = new Map(documents.map((document) => [document.upload, document]));
    for (const row of this.rows) {
      const document = byUpload.get(row.uploadId);
      if (document) row.learn(document);
    }
  }

  remove(row) {
    this.rows = this.rows.filter((other) => other !== row);
    row.element.remove();
    this.tell();
  }

  append(item) {
    const row = this.listen(FileRow.fresh(this.template, item));
    this.list.append(row.element);
    this.rows.push(row);
    return row;
  }

  start(row, { file, path }, subject) {
    row.follow(this.uploader.add(file, { subject, path, uploadId: row.element.dataset.upload || undefined }));
  }

  listen(row) {
    this.rowOf.set(row.element, row);
    row.addEventListener("change", () => this.tellSoon());
    row.addEventListener("progress", () => this.tellSoon());
    row.addEventListener("wanted", (event) => {
      this.dispatchEvent(new CustomEvent("wanted", { detail: { act: event.detail, row } }));
    });
    return row;
  }

  pressed(event) {
    const button = event.target.closest("[data-act]");
    if (button) this.rowOf.get(button.closest(".file-row")).pressed(event, button.dataset.act);
  }

  /** Once for whatever happens to many rows within a moment. */
  tellSoon() {
    this.telling ||= setTimeout(() => this.tell(), this.rows.length < LONG ? 0 : TELL_EVERY);
  }

  tell() {
    clearTimeout(this.telling);
    this.telling = 0;
    this.rows = this.rows.filter((row) => row.state !== "aborted");
    this.list.classList.toggle("is-long", this.rows.length >= LONG);
    this.tellOverall();
    this.dispatchEvent(new Event("change"));
  }

  tellOverall() {
    const moving = this.rows.filter((row) => row.transfer && !hasArrived(row.state));
    this.overall.hidden = !moving.length;
    if (!moving.length) return;
    const [sent, total] = [this.rows.reduce((sum, row) => sum + row.sent, 0), this.totalSize];
    const speed = moving.reduce((sum, row) => sum + (row.state === "uploading" ? row.transfer.rate : 0), 0);
    const left = speed ? timeLeft((total - sent) / speed) : "";
    const arrived = this.rows.length - moving.length;
    this.write("label", `${files(arrived)} of ${this.rows.length.toLocaleString("en")} uploaded`);
    this.write("detail", [`${size(sent)} of ${size(total)}`, speed ? rate(speed) : "", left].filter(Boolean).join(" · "));
    this.overall.querySelector("[data-overall-bar]").value = total ? (100 * sent) / total : 0;
    this.overall.querySelector("[data-pause-all]").hidden = !moving.some((row) => isMoving(row.state));
    this.overall.querySelector("[data-resume-all]").hidden = !moving.some((row) => row.state === "paused");
  }

  write(name, text) {
    this.overall.querySelector(`[data-overall-${name}]`).textContent = text;
  }
}

function isMoving(state) {
  return state === "queued" || state === "uploading";
}

/** Files picked one by one do not say their folder; those that do must say the one they were begun in. */
function isSame({ file, path }, row) {
  const known = row.description;
  return sameFile(file, known) && (!path || path === known.path);
}
