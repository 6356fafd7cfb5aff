// The sender's page of a package on its way: files can be continued, and the page follows what the server does.

import { isSupported } from "../uploader/uploader.js";
import { clearRefusals, showRefusal } from "./draft.js";
import { DropZone } from "./drop_zone.js";
import { FileList } from "./file_list.js";
import { Refusal, getJson } from "./http.js";

const ASK_EVERY = 2000;
const BUSY = "Keep this page open until your files are uploaded; then it is safe to close.";
const ARRIVED = "Every byte has arrived: you may close this page. Recipients get a mail once every file is verified.";

class PackageWatch {
  constructor(root) {
    this.root = root;
    if (root.querySelector("[data-file-list]")) this.offerToContinue();
    this.timer = setInterval(() => this.ask(), ASK_EVERY);
  }

  offerToContinue() {
    const { root } = this;
    this.files = new FileList(root, {
      uploadsUrl: root.dataset.uploadsUrl,
      subject: () => Promise.resolve(root.dataset.package),
      grows: false,
    });
    this.zone = new DropZone(root.querySelector("[data-drop]"), (picked) => this.take(picked));
    this.files.addEventListener("wanted", () => this.zone.pick());
    this.files.addEventListener("change", () => this.tell());
  }

  async take(picked) {
    clearRefusals(this.root);
    const strangers = await this.files.take(picked);
    if (!strangers.length) return;
    const names = strangers.slice(0, 3).map((name) => `“${name}”`).join(", ");
    showRefusal(this.root, new Refusal(`${names}: not among the files that this package waits for, or changed since.`));
  }

  tell() {
    const place = this.root.querySelector("[data-safe]");
    const text = this.files.allArrived ? ARRIVED : BUSY;
    if ((this.files.busy || this.files.allArrived) && place.textContent !== text) place.textContent = text;
  }

  async ask() {
    if (document.hidden || this.files?.busy) return;
    const known = await getJson(this.root.dataset.statusUrl, { unattended: true }).catch(() => null);
    if (!known) return;
    const hasMoved = known.state !== this.root.dataset.state;
    const isBeingContinued = this.files?.waitingForFiles.length;
    if (hasMoved && !isBeingContinued) location.reload();
  }
}

const root = document.querySelector("[data-package-watch]");
if (root && isSupported()) new PackageWatch(root);
