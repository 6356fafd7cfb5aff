// A form that is on its way cannot be sent again by a second click. The server refuses a second one anyway;
// this spares people the refusal. Coming Back to the page opens the form again.

const waiting = new Set();

function guard(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || "allowResubmit" in form.dataset) return;
  // After this turn, so that the pressed button's own name and value still travel.
  setTimeout(() => {
    for (const button of form.querySelectorAll("button[type=submit], button:not([type])")) {
      if (button.disabled) continue;
      button.disabled = true;
      waiting.add(button);
    }
  });
}

function reopen() {
  for (const button of waiting) button.disabled = false;
  waiting.clear();
}

document.addEventListener("submit", guard);
window.addEventListener("pageshow", reopen);
