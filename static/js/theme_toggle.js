// The choice between light and dark. A choice that equals the system's is no choice: it is forgotten, and the page
// follows the system again. theme.js applies what is remembered before the first paint.

const root = document.documentElement;
const system = window.matchMedia("(prefers-color-scheme: dark)");
const systemTheme = () => (system.matches ? "dark" : "light");

function remember(theme) {
  try {
    if (theme === systemTheme()) localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch {
    // Storage may be forbidden: the choice then lasts as long as the page.
  }
}

function toggle() {
  const shown = root.dataset.bsTheme || systemTheme();
  const next = shown === "dark" ? "light" : "dark";
  if (next === systemTheme()) delete root.dataset.bsTheme;
  else root.dataset.bsTheme = next;
  remember(next);
}

for (const button of document.querySelectorAll("[data-theme-toggle]")) {
  button.hidden = false;
  button.addEventListener("click", toggle);
}
