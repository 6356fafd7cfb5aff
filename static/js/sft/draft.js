// The draft on the server, as seen from its page: made when the first thing is worth keeping, then saved in order.

import { Refusal, getJson, postForm } from "./http.js";

export class Draft extends EventTarget {
  constructor(form) {
    super();
    this.form = form;
    this.id = form.dataset.package || null;
    this.statusUrl = form.dataset.statusUrl;
    this.queue = Promise.resolve();
    this.kept = { title: form.elements.title.defaultValue, note: form.elements.note.defaultValue };
  }

  /** The package's id, which makes the draft first where there is none yet. */
  async ensure() {
    if (!this.id) await this.post({});
    return this.id;
  }

  /** Save title and note, and do what `more` says; resolves to the package as it is then. One at a time, in order. */
  post(more) {
    const turn = this.queue.then(() => this.send(more));
    this.queue = turn.catch(() => {});
    return turn;
  }

  async send(more) {
    const changed = this.changed();
    const document = this.learn(await postForm(this.form.action, { ...changed, ...more }));
    Object.assign(this.kept, changed);
    return document;
  }

  /** Title and note where they differ from what was kept last: another tab's words are not written over. */
  changed() {
    const words = ["title", "note"].map((name) => [name, this.form.elements[name].value]);
    return Object.fromEntries(words.filter(([name, value]) => value !== this.kept[name]));
  }

  async refresh() {
    if (this.statusUrl) this.learn(await getJson(this.statusUrl));
  }

  learn(document) {
    if (!this.id) {
      this.id = document.id;
      this.form.action = document.draft_url;
      history.replaceState(null, "", document.draft_url);
    }
    this.statusUrl = document.status_url;
    this.dispatchEvent(new CustomEvent("learnt", { detail: document }));
    return document;
  }
}

/** Show each sentence of a refusal at its field, and forget those of the last one. */
export function showRefusal(root, refusal, fallback = "files") {
  clearRefusals(root);
  const fields = Object.entries(refusal instanceof Refusal ? refusal.fields : {});
  for (const [name, sentence] of fields.length ? fields : [[fallback, refusal.message]]) {
    const place = root.querySelector(`[data-error-for="${name}"]`) ?? root.querySelector(`[data-error-for="${fallback}"]`);
    place.textContent = sentence;
    place.hidden = false;
    root.querySelector(`[name="${name}"]`)?.setAttribute("aria-invalid", "true");
  }
  root.querySelector("[data-error-for]:not([hidden])")?.scrollIntoView({ block: "center" });
}

export function clearRefusals(root, name = "") {
  for (const place of root.querySelectorAll(name ? `[data-error-for="${name}"]` : "[data-error-for]")) {
    place.hidden = true;
    root.querySelector(`[name="${place.dataset.errorFor}"]`)?.removeAttribute("aria-invalid");
  }
}
