// Whether a file picked again is the one that was begun.

import { toHex } from "./digest.js";
import { changed } from "./refusals.js";

const SAMPLES = 3;

/**
 * Compare `file` with what the gateway has of it, `present` being `[{number, start, size, sha256}]`: some of it, or all where the
 * time of the file's last change is another than `lastModified`. `hashOf(entry)` reads the same bytes on this disk. Rejects with
 * `file_changed`.
 */
export async function compare(file, present, { lastModified, hashOf }) {
  const isSuspicious = lastModified !== null && lastModified !== file.lastModified;
  const step = isSuspicious ? 1 : Math.max(1, Math.floor(present.length / (SAMPLES - 1)));
  const samples = present.filter((_, index) => index % step === 0 || index === present.length - 1);
  for (const entry of samples) {
    if (toHex(await hashOf(entry)) !== entry.sha256) throw changed();
  }
}
