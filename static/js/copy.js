// [data-copy] holds a [data-copy-value] and a [data-copy-button]; the button appears where a clipboard can be written.

const SAID_FOR = 2000;

async function copy(box, label) {
  const before = label.textContent;
  await navigator.clipboard.writeText(box.querySelector("[data-copy-value]").textContent.trim());
  label.textContent = label.dataset.copied;
  setTimeout(() => {
    label.textContent = before;
  }, SAID_FOR);
}

if (navigator.clipboard) {
  for (const box of document.querySelectorAll("[data-copy]")) {
    const button = box.querySelector("[data-copy-button]");
    const label = box.querySelector("[data-copy-label]");
    label.setAttribute("aria-live", "polite");
    button.hidden = false;
    button.addEventListener("click", () => copy(box, label));
  }
}
