// Keyboard shortcuts: [data-shortcut="x"] is what the key x does. A link is followed and a button pressed; a button that
// decides something has a dialog that asks first, or [data-shortcut-focus] and only takes the focus. <details> opens and its
// first field takes the focus; a field takes it.
// Off while somebody types, while a dialog is open, and in browsers where somebody switched them off.

const STORE = "shortcuts";
const OFF = "off";

const dialog = document.querySelector("[data-shortcuts]");
const help = document.querySelector("[data-shortcuts-help]");
const toggle = document.querySelector("[data-shortcuts-switch]");

function remembered() {
  try {
    return localStorage.getItem(STORE);
  } catch {
    return null;
  }
}

function remember(value) {
  try {
    if (value) localStorage.setItem(STORE, value);
    else localStorage.removeItem(STORE);
  } catch {
    // A browser that keeps nothing forgets the choice with the page.
  }
}

let on = remembered() !== OFF;

function isTyping(target) {
  return target.isContentEditable || target.closest("input:not([type=checkbox]), select, textarea");
}

function use(element) {
  if (element.matches("details")) {
    element.open = true;
    (element.querySelector("select, textarea, input:not([type=hidden])") ?? element.querySelector("summary")).focus();
  } else if (element.matches("input, select, textarea, [data-shortcut-focus]")) {
    element.focus();
  } else {
    element.focus();
    element.click();
  }
}

function pressed(event) {
  if (!on || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const element = document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`);
  if (!element) return;
  event.preventDefault();
  use(element);
}

function show() {
  toggle.checked = on;
  dialog.showModal();
}

if (dialog) {
  help.hidden = false;
  help.addEventListener("click", show);
  toggle.addEventListener("change", () => {
    on = toggle.checked;
    remember(on ? "" : OFF);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-dialog-close]")) dialog.close();
  });
  document.addEventListener("keydown", pressed);
}

export const areOn = () => on;
