// [data-strength] in the help of a new password: how hard the password is to guess, as zxcvbn estimates it. It is a help and
// no rule: the server never asks it. The estimator is large, so it is loaded when the field is entered first; nothing typed
// leaves the page.

const SAID_AFTER = 400;
// The estimate takes longer with every character, and beyond these nothing changes any more.
const ESTIMATED = 64;

let loading;

async function estimator() {
  loading ??= import("../vendor/zxcvbn/zxcvbn.js");
  await loading;
  return window.zxcvbn;
}

function wordsAround(box, form) {
  return [...box.dataset.words.split("|"), ...(form.dataset.secretWords ?? "").split("|")].filter(Boolean);
}

async function judge(box, input) {
  const verdict = box.querySelector("[data-strength-verdict]");
  if (!input.value) {
    box.hidden = true;
    return;
  }
  const zxcvbn = await estimator();
  const { score } = zxcvbn(input.value.slice(0, ESTIMATED), wordsAround(box, input.form));
  box.hidden = false;
  box.dataset.score = String(score);
  verdict.textContent = `${box.dataset.scores.split("|")[score]}.`;
}

function bind(box) {
  const field = box.closest(".field");
  const input = field?.querySelector("input[type=password]");
  if (!input?.form) return;
  field.append(box);
  let pause;
  input.addEventListener("focus", () => void estimator().catch(() => {}), { once: true });
  input.addEventListener("input", () => {
    clearTimeout(pause);
    // Without the estimator there is no estimate, and the page works as before.
    pause = setTimeout(() => void judge(box, input).catch(() => {}), SAID_AFTER);
  });
}

document.querySelectorAll("[data-strength]").forEach(bind);
