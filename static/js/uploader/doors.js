// The gateway's doors under the session: JSON in, JSON out.

import { waitAfter } from "./pace.js";
import { Refusal, refusalOf } from "./refusals.js";

const ANSWER_WITHIN = 120_000;
const MOST_TRIES = 5;

/** Create, describe, token, addresses, complete, give up; each resolves to the gateway's document or rejects with a Refusal. */
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

  /** The upload with its ledger. */
  describe(id) {
    return this.#ask("GET", `${id}/`);
  }

  /** How far these uploads are: `{uploads: [{id, state, scan, reason, sha256}]}`. Nobody pressed a key: it keeps no session alive. */
  states(ids) {
    return this.#ask("POST", "states/", { ids }, { "X-Unattended": "1" });
  }

  token(id) {
    return this.#ask("POST", `${id}/token/`);
  }

  /**
   * Where parts go at the store itself, `parts` being `{number, sha256}`: `{addresses: [{number, url, headers}], present}`, the
   * latter being the numbers of those that the store has already.
   */
  addresses(id, parts, token) {
    return this.#ask("POST", `${id}/addresses/`, { parts }, { Authorization: `Bearer ${token}` });
  }

  complete(id) {
    return this.#ask("POST", `${id}/complete/`);
  }

  /** Have the upload removed. Resolves when the gateway knows, or cannot be told. */
  async giveUp(id) {
    for (let failures = 1; id && failures <= MOST_TRIES; failures += 1) {
      try {
        await this.#ask("DELETE", `${id}/`);
        return;
      } catch (error) {
        if (!error.isPassing) return;
        await new Promise((resolve) => setTimeout(resolve, waitAfter(failures)));
      }
    }
  }

  /** Where the bytes of upload `id` are put at one of the upload origins: one address, so that browsers ask for it once. */
  partsUrl(origin, id) {
    return `${origin}${this.#createUrl.pathname}${id}/parts/`;
  }

  async #ask(method, path, fields, more = {}) {
    const headers = { Accept: "application/json", ...more };
    if (method !== "GET" && !headers.Authorization) headers["X-CSRFToken"] = await this.#csrfToken();
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
