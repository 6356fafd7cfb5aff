// New Package, with everything at once: words saved as they are typed, recipients and files as they come, Send at any time.

import { isSupported } from "../uploader/uploader.js";
import { Draft, clearRefusals, showRefusal } from "./draft.js";
import { DropZone } from "./drop_zone.js";
import { FileList } from "./file_list.js";
import { Recipients } from "./recipients.js";
import { hasArrived, size } from "./words.js";

const SAVE_AFTER = 900;
const ASK_EVERY = 3000;
const ONLY_FOR_DRAFTS = "[data-save], [data-send], [data-add-recipient], .chip-remove, [data-act=remove]";
const SAFE = {
  empty: "A package is delivered once every file has been stored and verified. Recipients then get a mail.",
  busy: "Keep this page open until your files are uploaded. You may press Send before that.",
  ready: "Your files are uploaded: you may close this page. The draft is kept until you send it.",
  left: "Some files are not finished. Pick the same files again to continue; only what is missing travels.",
  paused: "Uploading is paused. What was sent stays: resume it, or pick the same files again another day.",
  sentBusy: "Sent. Keep this page open until your files are uploaded; then it is safe to close.",
};

class Editor {
  constructor(form) {
    this.form = form;
    this.isSent = false;
    this.draft = new Draft(form);
    this.recipients = new Recipients(form, this.draft);
    this.files = new FileList(form, {
      uploadsUrl: form.dataset.uploadsUrl,
      subject: () => this.draft.ensure(),
      grows: true,
    });
    this.zone = new DropZone(form.querySelector("[data-drop]"), (picked) => this.take(picked));
    form.querySelector("[data-without-script]").hidden = true;
    this.listen();
    this.tell();
    setInterval(() => this.ask(), ASK_EVERY);
  }

  listen() {
    const { form, files, draft } = this;
    form.addEventListener("submit", (event) => this.submitted(event));
    for (const field of [form.elements.title, form.elements.note]) {
      field.addEventListener("input", () => this.typed(field));
      field.addEventListener("change", () => this.save());
    }
    files.addEventListener("change", () => this.tell());
    files.addEventListener("wanted", (event) => this.wanted(event.detail));
    draft.addEventListener("learnt", (event) => {
      files.learn(event.detail.files);
      this.tell();
    });
  }

  // --- Words ------------------------------------------------------------------------------------------------------
  typed(field) {
    clearRefusals(this.form, field.name);
    clearTimeout(this.timer);
    this.say("saved", "");
    this.timer = setTimeout(() => this.save(), SAVE_AFTER);
  }

  async save({ always = false } = {}) {
    clearTimeout(this.timer);
    const { title, note } = this.form.elements;
    if (this.isSent || (!always && !this.draft.id && !title.value.trim() && !note.value.trim())) return;
    try {
      await this.draft.post({});
      this.say("saved", "Saved");
    } catch (refusal) {
      showRefusal(this.form, refusal, "title");
    }
  }

  // --- Files ------------------------------------------------------------------------------------------------------
  async take(picked) {
    clearRefusals(this.form, "files");
    try {
      await this.files.take(picked);
    } catch (refusal) {
      showRefusal(this.form, refusal);
    }
  }

  async wanted({ act, row }) {
    if (act === "continue") this.zone.pick();
    if (act === "remove") await this.remove(row);
  }

  async remove(row) {
    try {
      if (row.transfer && !hasArrived(row.state)) await row.transfer.abort();
      else await this.removeStored(row);
      this.files.remove(row);
    } catch (refusal) {
      showRefusal(this.form, refusal);
    }
  }

  async removeStored(row) {
    if (!row.element.dataset.file) await this.draft.refresh();
    await this.draft.post({ remove_file: row.element.dataset.file });
  }

  /** What the server knows of files that this page does not send itself. */
  async ask() {
    const elsewhere = this.files.rows.some((row) => !row.transfer && hasArrived(row.state) && row.state !== "verified");
    if (elsewhere && !document.hidden) await this.draft.refresh().catch(() => {});
  }

  // --- Send -------------------------------------------------------------------------------------------------------
  async submitted(event) {
    event.preventDefault();
    const button = event.submitter;
    if (button?.matches("[data-send]")) await this.send(button);
    else if (await this.addWhatIsTyped()) await this.save({ always: true });
  }

  async addWhatIsTyped() {
    return this.recipients.input.value.trim() ? this.recipients.addTyped() : true;
  }

  async send(button) {
    clearTimeout(this.timer);
    clearRefusals(this.form);
    button.disabled = true;
    try {
      if (!(await this.addWhatIsTyped())) return;
      await this.files.announced();
      const sent = await this.draft.post({ do: "send" });
      this.becomeSent(sent);
    } catch (refusal) {
      showRefusal(this.form, refusal);
    } finally {
      button.disabled = this.isSent;
    }
  }

  becomeSent(document) {
    this.isSent = true;
    this.pageUrl = document.url;
    this.files.grows = false;
    this.zone.hide();
    for (const field of this.form.querySelectorAll("input:not([type=hidden]), textarea")) field.disabled = true;
    for (const button of this.form.querySelectorAll(ONLY_FOR_DRAFTS)) button.hidden = true;
    this.say("saved", "");
    this.tell();
  }

  // --- What stands, and whether it is safe to leave ---------------------------------------------------------------
  tell() {
    const { files } = this;
    this.say("count-recipients", this.recipients.count.toLocaleString("en"));
    this.say("count-files", files.rows.length.toLocaleString("en"));
    this.say("total-size", files.rows.length ? size(files.totalSize) : "");
    if (this.isSent && !files.busy && files.allArrived) {
      location.assign(this.pageUrl);
      return;
    }
    this.say("safe", this.sentence());
    this.form.querySelector("[data-safe]").classList.toggle("is-weighty", files.busy);
  }

  sentence() {
    const { files } = this;
    if (files.busy) return this.isSent ? SAFE.sentBusy : SAFE.busy;
    if (files.rows.some((row) => row.state === "paused")) return SAFE.paused;
    if (files.waitingForFiles.length) return SAFE.left;
    return files.rows.length && files.allArrived ? SAFE.ready : SAFE.empty;
  }

  /** Only what changes is written: a live region speaks again otherwise. */
  say(name, text) {
    const place = this.form.querySelector(`[data-${name}]`);
    if (place.textContent.trim() !== text) place.textContent = text;
  }
}

const form = document.querySelector("[data-package-editor]");
if (form && isSupported()) new Editor(form);
