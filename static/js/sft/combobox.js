// A text field with suggestions, after the ARIA combobox pattern: arrows move, Enter takes, Escape closes.

const PAUSE = 150;

export class Combobox {
  /** `search(text, signal)` resolves to [{id, title, detail}]; `take(value)` gets an id, or the text as typed. */
  constructor(root, { search, take }) {
    this.input = root.querySelector("input[type=text]");
    this.list = root.querySelector("[data-suggestions]");
    this.search = search;
    this.take = take;
    this.active = -1;
    this.input.setAttribute("role", "combobox");
    this.input.setAttribute("aria-autocomplete", "list");
    this.input.setAttribute("aria-expanded", "false");
    this.input.setAttribute("aria-controls", this.list.id);
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("focus", () => this.typed());
    this.input.addEventListener("blur", () => this.close());
    // The press must not take the focus away before the click arrives.
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.clicked(event));
    // Somebody may have begun to type before this module had arrived.
    if (document.activeElement === this.input) this.typed();
  }

  typed() {
    clearTimeout(this.timer);
    this.request?.abort();
    const text = this.input.value.trim();
    if (!text) return this.close();
    this.timer = setTimeout(() => this.suggest(text), PAUSE);
    return undefined;
  }

  async suggest(text) {
    this.request = new AbortController();
    const found = await this.search(text, this.request.signal).catch(() => null);
    if (found && document.activeElement === this.input && this.input.value.trim() === text) this.open(found);
  }

  open(found) {
    this.list.replaceChildren(...found.map((suggestion, index) => this.option(suggestion, index)));
    this.list.hidden = !found.length;
    this.input.setAttribute("aria-expanded", String(Boolean(found.length)));
    this.mark(-1);
  }

  option({ id, title, detail }, index) {
    const option = document.createElement("li");
    option.className = "suggestion";
    option.id = `${this.list.id}-${index}`;
    option.role = "option";
    option.dataset.value = id;
    option.append(title);
    const second = document.createElement("span");
    second.textContent = detail;
    option.append(second);
    return option;
  }

  close() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.list.hidden = true;
    this.list.replaceChildren();
    this.input.setAttribute("aria-expanded", "false");
    this.mark(-1);
  }

  mark(index) {
    this.active = index;
    [...this.list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    const option = this.list.children[index];
    if (option) {
      this.input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  key(event) {
    if (event.isComposing) return;
    const count = this.list.children.length;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps && count) {
      event.preventDefault();
      this.mark((this.active + steps[event.key] + count + (this.active < 0 && steps[event.key] < 0 ? 1 : 0)) % count);
    } else if (event.key === "Escape" && count) {
      event.preventDefault();
      this.close();
    } else if (event.key === "Enter" || event.key === "," || event.key === ";") {
      this.enter(event);
    }
  }

  enter(event) {
    const marked = this.list.children[this.active];
    const text = this.input.value.trim();
    if (!marked && !text) return;
    event.preventDefault();
    this.finish(marked ? marked.dataset.value : text);
  }

  clicked(event) {
    const option = event.target.closest("[role=option]");
    if (option) this.finish(option.dataset.value);
  }

  finish(value) {
    this.close();
    this.take(value);
  }
}
