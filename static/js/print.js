// [data-print] opens the browser's print dialog; it stays hidden where there is none.

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
