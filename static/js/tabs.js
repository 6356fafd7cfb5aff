// Where a bar of tabs is wider than the screen, the current tab is scrolled into view.

for (const tab of document.querySelectorAll(".tabs a[aria-current]")) {
  const bar = tab.closest(".tabs");
  bar.scrollLeft = tab.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
}
