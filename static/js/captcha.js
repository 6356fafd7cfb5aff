// form[data-captcha] holds the address of another challenge: New image changes image, sound and key where they are.
// The page stays, the focus stays on the button, and a status line says what happened. Without this, the button reloads.

async function fetchAnother(form) {
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const headers = { "X-CSRFToken": token, Accept: "application/json" };
  const answer = await fetch(form.dataset.captcha, { method: "POST", headers });
  return { ok: answer.ok, document: await answer.json() };
}

function show(form, { key, image, sound }) {
  form.querySelector("[name=captcha_0]").value = key;
  form.querySelector("[name=captcha_1]").value = "";
  form.querySelector("[data-captcha-image]").src = image;
  form.querySelector("[data-captcha-sound]").src = sound;
}

async function change(form) {
  try {
    const { ok, document } = await fetchAnother(form);
    if (ok) show(form, document);
    return ok ? form.dataset.captchaDone : document.message;
  } catch {
    return form.dataset.captchaFailed;
  }
}

for (const form of document.querySelectorAll("form[data-captcha]")) {
  const said = form.querySelector("[data-captcha-said]");
  form.querySelector("[data-captcha-another]").addEventListener("click", async (event) => {
    event.preventDefault();
    // Emptied first, so that the same sentence is read out again.
    said.textContent = "";
    said.textContent = await change(form);
  });
}
