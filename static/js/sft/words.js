// Figures and states in the words of the pages that the server renders.

const UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB"];

/** Bytes in the decimal unit a person would say, to two digits or more: 210 MB, 1.5 GB. */
export function size(count) {
  let [amount, unit] = [count, 0];
  while (Math.round(amount) >= 1000 && unit < UNITS.length - 1) [amount, unit] = [amount / 1000, unit + 1];
  if (unit === 0) return `${amount} ${amount === 1 ? "byte" : "bytes"}`;
  const digits = amount < 9.95 ? 1 : 0;
  return `${amount.toFixed(digits).replace(/\.0$/, "")} ${UNITS[unit]}`;
}

export function rate(bytesPerSecond) {
  return `${size(Math.round(bytesPerSecond))}/s`;
}

/** How long something still takes, no more exact than it can be known. */
export function timeLeft(seconds) {
  if (seconds === null || !Number.isFinite(seconds)) return "";
  if (seconds < 10) return "a few seconds left";
  if (seconds < 90) return `${Math.round(seconds / 5) * 5} s left`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min left`;
  return `${(minutes / 60).toFixed(1).replace(/\.0$/, "")} h left`;
}

export function files(count) {
  return `${count.toLocaleString("en")} ${count === 1 ? "file" : "files"}`;
}

/** For each state of a transfer its word, its tone, and what may be done about it. */
export const STATES = {
  queued: { word: "Waiting", tone: "neutral", acts: ["pause"] },
  uploading: { word: "Uploading", tone: "info", acts: ["pause"] },
  waiting: { word: "Waiting", tone: "warning", acts: ["retry", "pause"] },
  paused: { word: "Paused", tone: "warning", acts: ["resume"] },
  uploaded: { word: "Uploaded", tone: "info", acts: [] },
  stored: { word: "Stored", tone: "info", acts: [] },
  scanning: { word: "Waiting for the malware scanner", tone: "warning", acts: [] },
  quarantined: { word: "Held in quarantine", tone: "danger", acts: [] },
  verified: { word: "Verified", tone: "success", acts: [] },
  failed: { word: "Failed", tone: "danger", acts: ["retry"] },
  aborted: { word: "Removed", tone: "neutral", acts: [] },
  unfinished: { word: "Not finished", tone: "warning", acts: ["continue"] },
};

const ARRIVED = new Set(["uploaded", "stored", "scanning", "quarantined", "verified"]);

/** Whether every byte of a file in this state is at the portal. */
export function hasArrived(state) {
  return ARRIVED.has(state);
}
