// The states of a transfer, and which of them the gateway's word for an upload means.

export const WORKING = new Set(["queued", "uploading", "waiting"]);
export const FOLLOWED = new Set(["uploaded", "stored", "scanning"]);
export const PAST_SENDING = new Set([...FOLLOWED, "verified", "quarantined"]);
export const ENDED = new Set(["verified", "quarantined", "failed", "aborted"]);

const OF_COMPLETE_UPLOADS = { pushing: "uploaded", verifying: "stored", stored: "verified", quarantined: "quarantined" };

/** The state of a transfer whose upload is complete; undefined when that has ended without its file. */
export function stateOf({ state, scan }) {
  return state === "verifying" && scan === "waiting" ? "scanning" : OF_COMPLETE_UPLOADS[state];
}
