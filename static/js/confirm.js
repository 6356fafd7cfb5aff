// [data-confirm] on a form: its first submit opens the form's own <dialog>, the dialog's button sends it.

function ask(event) {
  const form = event.currentTarget;
  const dialog = form.querySelector("dialog");
  if (dialog.open) return;
  event.preventDefault();
  dialog.showModal();
}

for (const form of document.querySelectorAll("form[data-confirm]")) {
  const dialog = form.querySelector("dialog");
  form.addEventListener("submit", ask);
  dialog.addEventListener("click", (event) => {
    const onBackdrop = event.target === dialog;
    if (onBackdrop || event.target.closest("[data-dialog-close]")) dialog.close();
  });
}
