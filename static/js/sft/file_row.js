// One file in the list: the row the server rendered, or a new one, kept in step with its transfer.

import { tokenWasRefused } from "./csrf.js";
import { STATES, hasArrived, rate, size, timeLeft } from "./words.js";

export class FileRow extends EventTarget {
  constructor(element) {
    super();
    this.element = element;
    this.transfer = null;
    if (element.dataset.state === "uploading") this.show("unfinished");
  }

  /** A row for a file that the server has not heard of yet. */
  static fresh(template, { file, path }) {
    const element = template.content.firstElementChild.cloneNode(true);
    const row = new FileRow(element);
    Object.assign(element.dataset, { name: file.name, path, size: file.size, lastModified: file.lastModified });
    element.querySelector("[data-show-path]").textContent = path ? `${path}/` : "";
    element.querySelector("[data-show-name]").textContent = file.name;
    element.querySelector("[data-show-size]").textContent = size(file.size);
    element.querySelector("[data-bar]").setAttribute("aria-label", `Progress of ${file.name}`);
    for (const of of element.querySelectorAll("[data-of]")) of.textContent = ` ${file.name}`;
    row.show("queued");
    return row;
  }

  get uploadId() {
    return this.transfer?.id || this.element.dataset.upload || null;
  }

  get state() {
    return this.element.dataset.state;
  }

  get size() {
    return Number(this.element.dataset.size);
  }

  /** Bytes that have left this computer for the portal, those of earlier visits included. */
  get sent() {
    if (this.transfer) return hasArrived(this.state) ? this.size : this.transfer.sent;
    return hasArrived(this.state) ? this.size : 0;
  }

  get isWaitingForFile() {
    return this.state === "unfinished";
  }

  /** What the engine compares a picked file with. */
  get description() {
    const { name, path, lastModified } = this.element.dataset;
    return { name, path, size: this.size, last_modified: lastModified ? Number(lastModified) : null };
  }

  follow(transfer) {
    this.transfer = transfer;
    this.element.dataset.size = transfer.size;
    transfer.addEventListener("created", () => {
      this.element.dataset.upload = transfer.id;
    });
    transfer.addEventListener("progress", () => this.progress());
    transfer.addEventListener("state", (event) => {
      if (event.detail.code === "sign_in_required") tokenWasRefused();
      this.show(event.detail.state, event.detail.reason);
    });
    this.show(transfer.state, transfer.reason);
  }

  /** What the server says of a file that this page is not sending itself. */
  learn(document) {
    Object.assign(this.element.dataset, { file: document.id, upload: document.upload });
    const removal = this.element.querySelector("[data-act=remove]");
    if (removal) removal.value = document.id;
    if (this.transfer) return;
    this.show(document.state === "uploading" ? "unfinished" : document.state, document.reason);
  }

  show(state, reason = "") {
    const { word, tone, acts } = STATES[state];
    this.element.dataset.state = state;
    this.badge(word, tone);
    for (const button of this.element.querySelectorAll("[data-act]")) {
      if (button.dataset.act !== "remove") button.hidden = !acts.includes(button.dataset.act);
    }
    this.element.querySelector("[data-bar]").hidden = hasArrived(state) || state === "failed";
    if (state !== "unfinished") this.detail(reason || (state === "uploading" ? this.figures() : ""));
    if (state === "aborted") this.element.remove();
    this.dispatchEvent(new Event("change"));
  }

  progress() {
    this.element.querySelector("[data-bar]").value = this.size ? (100 * this.transfer.sent) / this.size : 100;
    if (this.state === "uploading") this.detail(this.figures());
    this.dispatchEvent(new Event("progress"));
  }

  figures() {
    const { sent, rate: speed, secondsLeft } = this.transfer ?? {};
    if (!speed) return "";
    const left = timeLeft(secondsLeft);
    return [`${size(sent)} of ${size(this.size)}`, rate(speed), left].filter(Boolean).join(" · ");
  }

  detail(text) {
    this.element.querySelector("[data-detail]").textContent = text;
  }

  badge(word, tone) {
    const badge = this.element.querySelector("[data-badge] .status");
    badge.className = `status status-${tone}`;
    badge.lastChild.textContent = word;
    const picture = badge.querySelector("use");
    picture.setAttribute("href", picture.getAttribute("href").replace(/#.*/, `#${tone}`));
  }

  pressed(event, act) {
    event.preventDefault();
    if (act === "pause") this.transfer?.pause();
    else if (act === "resume" || act === "retry") this.transfer?.resume();
    else this.dispatchEvent(new CustomEvent("wanted", { detail: act }));
  }
}
