// The place to drop files on, and its two pickers. Whatever way they come, `take` gets [{file, path}].

import { fromDrop, fromInput } from "./picking.js";

export class DropZone {
  constructor(zone, take) {
    this.zone = zone;
    this.take = take;
    this.filesInput = zone.querySelector("[data-files-input]");
    const folderInput = zone.querySelector("[data-folder-input]");
    zone.querySelector("[data-pick-files]").addEventListener("click", () => this.filesInput.click());
    zone.querySelector("[data-pick-folder]").addEventListener("click", () => folderInput.click());
    for (const input of [this.filesInput, folderInput]) {
      input.addEventListener("change", () => this.take(fromInput(input)));
    }
    // Anywhere on the page: a file dropped beside the zone must not replace the page with itself.
    document.addEventListener("dragover", (event) => this.hover(event));
    document.addEventListener("dragleave", (event) => event.relatedTarget || this.leave());
    document.addEventListener("drop", (event) => this.drop(event));
    zone.hidden = false;
  }

  pick() {
    this.filesInput.click();
  }

  hide() {
    this.zone.hidden = true;
  }

  hover(event) {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = this.zone.hidden ? "none" : "copy";
    this.zone.classList.toggle("is-over", !this.zone.hidden);
  }

  leave() {
    this.zone.classList.remove("is-over");
  }

  async drop(event) {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    this.leave();
    if (!this.zone.hidden) this.take(await fromDrop(event.dataTransfer));
  }
}

function carriesFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}
