// [data-tick-all] on a form: one switch ticks every row that can be ticked.

for (const form of document.querySelectorAll("[data-tick-all]")) {
  const all = form.querySelector("[data-tick-all-switch]");
  const boxes = [...form.querySelectorAll("input[type=checkbox][name]:not(:disabled)")];
  const follow = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  };
  all.hidden = boxes.length < 2;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
  });
  form.addEventListener("change", (event) => event.target === all || follow());
  follow();
}
