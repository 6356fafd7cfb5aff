// What went wrong, in one shape: what the gateway refused, what the network lost, what the disk would not give.

/**
 * An answer that is not a success. `status` is 0 when there was none; `code` and `message` are the gateway's own,
 * `retryAfter` is in milliseconds or null.
 */
export class Refusal extends Error {
  constructor({ status = 0, code = "network", message = "", retryAfter = null, document = {} }) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
    this.document = document;
  }

  /** The same request may succeed later: no answer, or one that says so. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500 || this.code === "interrupted";
  }

  get needsSignIn() {
    return this.status === 401 || this.code === "stale_form";
  }

  /** What a transfer that waits for it to pass says: a code for programs and a sentence for people. */
  get waiting() {
    if (this.code === "offline") return ["offline", "You are offline. Sending goes on when you are back."];
    if (this.needsSignIn) {
      return ["sign_in_required", "Your sign-in has ended. Sign in again to go on; what was sent stays."];
    }
    if (!this.status) return ["network", "The network does not answer."];
    const isNamed = this.code === "staging_full" || this.code === "maintenance";
    return [isNamed ? this.code : "busy", this.message || "The gateway is busy."];
  }

  /** The gateway's sentence, or those for the fields it is about. */
  get sentence() {
    return Object.values(this.document.fields ?? {}).join(" ") || this.message;
  }
}

export function refusalOf(status, document, retryAfter) {
  const seconds = Number.parseInt(retryAfter ?? "", 10);
  return new Refusal({
    status,
    code: document.code ?? "error",
    message: document.message ?? "",
    retryAfter: Number.isNaN(seconds) ? null : seconds * 1000,
    document,
  });
}

/** The request was ended by us: somebody pressed pause, or another one has brought the same bytes. */
export function stopped() {
  return new Refusal({ code: "stopped" });
}

export function offline() {
  return new Refusal({ code: "offline" });
}

export function changed() {
  const message = "This is not the file that was begun: its size or content has changed. Remove it here and send it anew.";
  return new Refusal({ code: "file_changed", status: 409, message });
}

export function unreadable() {
  const message = "The file can no longer be read. Was it moved, renamed or changed? Choose it again.";
  return new Refusal({ code: "file_unreadable", status: 400, message });
}
