// How digests are written down.

/** Bytes in lower-case hexadecimal, as the ledger writes digests. */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The value of a Content-Digest header (RFC 9530) for the bytes of a SHA-256. */
export function contentDigest(bytes) {
  return `sha-256=:${btoa(String.fromCharCode(...bytes))}:`;
}
