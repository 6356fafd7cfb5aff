// dialog[data-session]: says before a sign-in ends that it will, offers to stay, and lets a page go on after a new sign-in.
//
// Nothing typed is lost: the page stays as it is, and after a new sign-in in another tab its forms get that one's token.

const SECOND = 1000;
const ASK_AGAIN = 15 * SECOND;
const SPOKEN_AT = [60, 30, 10];

class Session {
  constructor(dialog) {
    this.dialog = dialog;
    this.person = dialog.dataset.person;
    this.warning = Number(dialog.dataset.warning) * SECOND;
    this.channel = new BroadcastChannel("session");
    this.channel.addEventListener("message", ({ data }) => this.hear(data));
    dialog.addEventListener("click", ({ target }) => {
      if (target.closest("[data-session-extend]")) this.extend();
      if (target.closest("[data-session-ask]")) this.ask();
      if (target.closest("[data-session-close]")) this.dismiss();
    });
    dialog.addEventListener("cancel", (event) => {
      if (this.face !== "last") event.preventDefault();
      else this.dismissed = true;
    });
    document.addEventListener("visibilitychange", () => this.look());
    addEventListener("pageshow", ({ persisted }) => persisted && this.ask());
    this.know({ left: Number(dialog.dataset.left), can_extend: dialog.dataset.canExtend === "true" });
    this.tell();
  }

  get left() {
    return this.ends - Date.now();
  }

  /** What the gateway said of this session just now. */
  know({ left, can_extend: canExtend }) {
    this.ends = Date.now() + left * SECOND;
    this.canExtend = canExtend;
    if (this.left > this.warning) {
      this.dismissed = false;
      this.hide();
      this.wait(this.left - this.warning);
    } else {
      this.warn();
    }
  }

  tell() {
    this.channel.postMessage({ person: this.person, ends: this.ends, canExtend: this.canExtend });
  }

  /** Another tab knows better; one that somebody has signed in with anew has another token as well. */
  hear({ person, ends, canExtend }) {
    if (this.face === "ended" || this.face === "other" || person !== this.person) this.ask();
    else if (ends > this.ends + SECOND) this.know({ left: (ends - Date.now()) / SECOND, can_extend: canExtend });
  }

  wait(time) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), Math.max(0, time));
  }

  /** A page that was out of sight, or asleep, may have missed its moment. */
  look() {
    if (!document.hidden && (this.face || this.left <= this.warning)) this.ask();
  }

  async ask() {
    this.take(await this.fetch(this.dialog.dataset.url));
  }

  async extend() {
    const body = new URLSearchParams({ csrfmiddlewaretoken: this.tokens[0].value });
    const said = await this.fetch(this.dialog.dataset.extendUrl, { method: "POST", body });
    this.take(said);
    if (said.left) this.tell();
  }

  /** Undefined for no answer, nothing left where nobody is signed in any more. */
  async fetch(url, options = {}) {
    const headers = { Accept: "application/json", ...(options.method ? {} : { "X-Unattended": "1" }) };
    const response = await fetch(url, { ...options, headers, cache: "no-store" }).catch(() => null);
    if (!response || response.status >= 500) return {};
    if (!response.ok) return { ended: true };
    return response.json().catch(() => ({}));
  }

  take(said) {
    if (said.ended) this.show("ended");
    else if (said.left === undefined) this.outOfReach();
    else if (said.person !== this.person) this.show("other");
    else {
      for (const field of this.tokens) field.value = said.token;
      this.know(said);
    }
  }

  outOfReach() {
    if (this.left > 0) this.warn();
    else this.show("ended");
    this.wait(ASK_AGAIN);
  }

  warn() {
    if (!this.dismissed) this.show(this.canExtend ? "idle" : "last");
    this.tick();
  }

  tick() {
    clearTimeout(this.timer);
    const seconds = Math.ceil(this.left / SECOND);
    if (seconds <= 0) return this.wait(SECOND);
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    for (const place of this.dialog.querySelectorAll("[data-session-clock]")) place.textContent = clock;
    if (SPOKEN_AT.includes(seconds)) this.dialog.querySelector("[data-session-spoken]").textContent = clock;
    this.timer = setTimeout(() => this.tick(), SECOND);
  }

  show(face) {
    const before = this.face;
    this.face = face;
    for (const part of this.dialog.querySelectorAll("[data-session-face]")) part.hidden = part.dataset.sessionFace !== face;
    this.dialog.setAttribute("aria-labelledby", `session-${face}`);
    if (!this.dialog.open) this.dialog.showModal();
    if (before !== face) this.dialog.querySelector(`[data-session-face="${face}"] [autofocus]`).focus();
    if (face === "ended" || face === "other") clearTimeout(this.timer);
  }

  hide() {
    this.face = null;
    if (this.dialog.open) this.dialog.close();
  }

  dismiss() {
    this.dismissed = true;
    this.hide();
  }

  get tokens() {
    return document.getElementsByName("csrfmiddlewaretoken");
  }
}

const dialog = document.querySelector("dialog[data-session]");
if (dialog) new Session(dialog);
