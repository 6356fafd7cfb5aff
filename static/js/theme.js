// Before the first paint: the remembered choice between light and dark. Not a module, because modules run too late.
"use strict";
(() => {
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.bsTheme = chosen;
  } catch {
    /* Storage may be forbidden; the system's choice then stands. */
  }
})();
