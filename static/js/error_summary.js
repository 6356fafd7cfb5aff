// Browsers leave autofocus undone where the address names a part of the page, as it does after "Skip to the content".
// What is wrong is then said from here, unless somebody has gone on already.

function say() {
  const summary = document.querySelector(".error-summary[autofocus]");
  const focused = document.activeElement;
  if (summary && (focused === document.body || focused.contains(summary))) summary.focus();
}

if (location.hash) window.addEventListener("load", say);
