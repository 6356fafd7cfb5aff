// The gateway's doors: JSON under the session, bytes under a token.

const STALLED_AFTER = 60_000;
const ANSWER_WITHIN = 120_000;

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
}

/** The session's doors: create, describe, token, complete, abort. */
export class Doors {
  #createUrl;
  #csrfToken;

  constructor(createUrl, csrfToken) {
    this.#createUrl = new URL(createUrl, location.href);
    this.#csrfToken = typeof csrfToken === "function" ? csrfToken : () => csrfToken;
  }

  create(fields) {
    return this.#ask("POST", "", fields);
  }

  /** The upload with its ledger, or without the list of its parts. */
  describe(id, { parts = true } = {}) {
    return this.#ask("GET", `${id}/${parts ? "" : "?parts=none"}`);
  }

  token(id) {
    return this.#ask("POST", `${id}/token/`);
  }

  complete(id) {
    return this.#ask("POST", `${id}/complete/`);
  }

  abort(id) {
    return this.#ask("DELETE", `${id}/`);
  }

  /** Where part `number` of upload `id` is put at one of the upload origins. */
  partUrl(origin, id, number) {
    return `${origin}${this.#createUrl.pathname}${id}/parts/${number}/`;
  }

  async #ask(method, path, fields) {
    const headers = { Accept: "application/json" };
    if (method !== "GET") headers["X-CSRFToken"] = await this.#csrfToken();
    if (fields) headers["Content-Type"] = "application/json";
    let response;
    try {
      response = await fetch(new URL(path, this.#createUrl), {
        method,
        headers,
        body: fields ? JSON.stringify(fields) : undefined,
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.timeout(ANSWER_WITHIN),
      });
    } catch {
      throw new Refusal({});
    }
    const document = await response.json().catch(() => ({}));
    if (response.ok) return document;
    throw refusalOf(response.status, document, response.headers.get("Retry-After"));
  }
}

/**
 * Put one part. `onProgress(bytes)` tells how much of the body has left; an aborted `signal` rejects with code "stopped".
 * Resolves once the gateway has acknowledged the part; rejects with a Refusal.
 */
export function putPart(url, { token, digest, body, onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let watch = 0;
    const watchFor = (milliseconds) => {
      clearTimeout(watch);
      watch = setTimeout(() => request.abort(), milliseconds);
    };
    const stop = () => request.abort();
    const end = (act, value) => {
      clearTimeout(watch);
      signal.removeEventListener("abort", stop);
      act(value);
    };

    request.open("PUT", url);
    request.responseType = "text";
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.setRequestHeader("Content-Digest", digest);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => {
      watchFor(STALLED_AFTER);
      onProgress(event.loaded);
    };
    request.upload.onload = () => watchFor(ANSWER_WITHIN);
    request.onerror = () => end(reject, new Refusal({}));
    request.onabort = () => end(reject, new Refusal(signal.aborted ? { code: "stopped" } : {}));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) return end(resolve);
      const retryAfter = request.getResponseHeader("Retry-After");
      return end(reject, refusalOf(request.status, parsed(request.responseText), retryAfter));
    };
    if (signal.aborted) return end(reject, new Refusal({ code: "stopped" }));
    signal.addEventListener("abort", stop);
    watchFor(STALLED_AFTER);
    return request.send(body);
  });
}

function refusalOf(status, document, retryAfter) {
  const seconds = Number.parseInt(retryAfter ?? "", 10);
  return new Refusal({
    status,
    code: document.code ?? "error",
    message: document.message ?? "",
    retryAfter: Number.isNaN(seconds) ? null : seconds * 1000,
    document,
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
