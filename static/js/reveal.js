// fieldset[data-reveal="name"][data-reveal-value="value"] is shown while that choice of its form is made. Hidden, its fields are
// not sent.

for (const part of document.querySelectorAll("fieldset[data-reveal]")) {
  const form = part.closest("form");
  const choice = form.querySelector(`[name="${part.dataset.reveal}"][value="${part.dataset.revealValue}"]`);
  const update = () => {
    part.hidden = part.disabled = !choice.checked;
  };
  form.addEventListener("change", update);
  update();
}
