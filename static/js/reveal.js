// [data-reveal="name"][data-reveal-value="value"] is shown while the radio group "name" of its form has that value.

for (const part of document.querySelectorAll("[data-reveal]")) {
  const form = part.closest("form");
  const update = () => {
    const chosen = form.querySelector(`[name="${part.dataset.reveal}"]:checked`);
    part.hidden = chosen?.value !== part.dataset.revealValue;
  };
  form.addEventListener("change", update);
  update();
}
