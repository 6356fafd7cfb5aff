// The list of the queue: j and k move from row to row, x ticks the row; Enter opens it as on any link.
import "../times.js";
import { areOn } from "./shortcuts.js";

const links = [...document.querySelectorAll("#result_list tbody th a")];
const STEPS = { j: 1, k: -1 };
let at = -1;

function move(step) {
  const here = links.indexOf(document.activeElement);
  at = Math.min(Math.max((here >= 0 ? here : at) + step, 0), links.length - 1);
  links[at].focus();
  links[at].scrollIntoView({ block: "nearest" });
}

function tick() {
  const row = document.activeElement.closest("#result_list tbody tr");
  row?.querySelector("input.action-select")?.click();
}

document.addEventListener("keydown", (event) => {
  if (!areOn() || !links.length || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea") || document.querySelector("dialog[open]")) return;
  if (event.key in STEPS) {
    event.preventDefault();
    move(STEPS[event.key]);
  } else if (event.key === "x") {
    tick();
  }
});
