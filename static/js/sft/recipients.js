// Recipients: suggestions while typing, each one checked by the server as it is added.

import { Combobox } from "./combobox.js";
import { clearRefusals, showRefusal } from "./draft.js";
import { getJson } from "./http.js";

export class Recipients {
  constructor(root, draft) {
    this.root = root;
    this.draft = draft;
    this.list = root.querySelector("[data-recipients]");
    this.template = root.querySelector("[data-recipient-template]");
    const place = root.querySelector("[data-combobox]");
    this.input = place.querySelector("input[type=text]");
    this.combobox = new Combobox(place, {
      search: (text, signal) => this.search(text, signal),
      take: (value) => this.add(value),
    });
    place.querySelector("[data-add-recipient]").addEventListener("click", (event) => {
      event.preventDefault();
      this.addTyped();
    });
    this.input.addEventListener("input", () => clearRefusals(root, "recipient"));
    this.list.addEventListener("click", (event) => this.removed(event));
    draft.addEventListener("learnt", (event) => this.show(event.detail.recipients));
  }

  get count() {
    return this.list.children.length;
  }

  async search(text, signal) {
    const url = `${this.root.dataset.contactsUrl}?${new URLSearchParams({ q: text })}`;
    const { contacts } = await getJson(url, { signal });
    return contacts.map(({ id, name, email, organization }) => ({ id, title: name, detail: `${organization} · ${email}` }));
  }

  /** What stands in the field, which may be several addresses out of a mail program. */
  async addTyped() {
    const typed = this.input.value.split(/[,;\n]/).map((who) => who.trim()).filter(Boolean);
    for (const who of typed.length ? typed : [""]) {
      if (!(await this.add(who))) return false;
    }
    return true;
  }

  async add(who) {
    clearRefusals(this.root, "recipient");
    try {
      await this.draft.post({ do: "add", recipient: who });
      this.input.value = "";
      return true;
    } catch (refusal) {
      showRefusal(this.root, refusal, "recipient");
      return false;
    } finally {
      this.input.focus();
    }
  }

  async removed(event) {
    const button = event.target.closest("[name=remove_recipient]");
    if (!button) return;
    event.preventDefault();
    button.disabled = true;
    try {
      await this.draft.post({ remove_recipient: button.value });
      this.input.focus();
    } catch (refusal) {
      showRefusal(this.root, refusal, "recipient");
      button.disabled = false;
    }
  }

  show(recipients) {
    this.list.replaceChildren(...recipients.map((recipient) => this.chip(recipient)));
  }

  chip({ id, name, organization }) {
    const chip = this.template.content.firstElementChild.cloneNode(true);
    for (const place of chip.querySelectorAll("[data-name]")) place.textContent = name;
    chip.querySelector("[data-organization]").textContent = organization;
    chip.querySelector("button").value = id;
    return chip;
  }
}
