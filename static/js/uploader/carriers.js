// How the bytes of one upload travel: through the gateway under a token, or straight to the store at addresses it hands out.

import { contentDigest, toHex } from "./digest.js";
import { Refusal } from "./refusals.js";

const RENEW_BEFORE = 60_000;

/** The upload's own token, renewed before it ends; it opens nothing but this upload and outlives the page's sign-in. */
class Access {
  #doors;
  #id;
  #grant = null;
  #renewal = null;

  constructor(doors, document) {
    this.#doors = doors;
    this.#id = document.id;
    if (document.token) this.#grant = grantOf(document);
  }

  /** `{token, expiresAt, origins}` with some life left; those who ask at once share one renewal. */
  async fresh() {
    if (this.#grant && this.#grant.expiresAt - Date.now() > RENEW_BEFORE) return this.#grant;
    this.#renewal ??= this.#doors.token(this.#id).finally(() => {
      this.#renewal = null;
    });
    this.#grant = grantOf(await this.#renewal);
    return this.#grant;
  }

  /** Requests that travelled side by side are all refused with the old token; a new one stays. */
  end(grant) {
    if (this.#grant === grant) this.#grant = null;
  }
}

/** Through the gateway: any span of a part, over any of the upload origins. */
export class Relay {
  #doors;
  #id;
  #access;

  takesSpans = true;

  constructor(doors, document) {
    this.#doors = doors;
    this.#id = document.id;
    this.#access = new Access(doors, document);
  }

  /**
   * What is needed to send `span`, bytes `place` of a file of `size`: its origins, `request(origin)` with address and headers, and whether a refusal
   * means no more than that these are `isOutdated`; or `isThere` where nothing needs to be sent.
   */
  async prepare(span, digest, { place: [first, end], size }) {
    const grant = await this.#access.fresh();
    const headers = {
      Authorization: `Bearer ${grant.token}`,
      "Content-Digest": contentDigest(digest),
      "Content-Range": `bytes ${first}-${end - 1}/${size}`,
      "Content-Type": "application/octet-stream",
    };
    return {
      origins: grant.origins,
      request: (origin) => ({ url: this.#doors.partsUrl(origin, this.#id), headers }),
      isOutdated: (error) => {
        if (error.status === 401) this.#access.end(grant);
        return error.status === 401;
      },
    };
  }
}

const GATHER = 100;
const MOST_ADDRESSES = 100;

/** Straight to the store: whole parts, each at an address that is good for exactly its bytes. */
export class Direct {
  #doors;
  #id;
  #access;
  #wanted = new Map();
  #timer = 0;

  takesSpans = false;

  constructor(doors, document) {
    this.#doors = doors;
    this.#id = document.id;
    this.#access = new Access(doors, document);
  }

  async prepare(span, digest) {
    const { url, headers, isThere } = await this.#address(span.number, toHex(digest));
    if (isThere) return { isThere };
    return {
      origins: [new URL(url).origin],
      request: () => ({ url, headers }),
      // Past its time, or of other bytes than those announced: stores say so in documents of their own.
      isOutdated: (error) => error.status === 403 || error.status === 400,
    };
  }

  /** Parts that are ready within a moment of each other get their addresses in one request. */
  #address(number, sha256) {
    return new Promise((resolve, reject) => {
      this.#wanted.set(number, { sha256, resolve, reject });
      this.#timer ||= setTimeout(() => this.#fetch(), GATHER);
    });
  }

  async #fetch() {
    const wanted = new Map([...this.#wanted].slice(0, MOST_ADDRESSES));
    for (const number of wanted.keys()) this.#wanted.delete(number);
    this.#timer = this.#wanted.size ? setTimeout(() => this.#fetch(), 0) : 0;
    try {
      const parts = [...wanted].map(([number, { sha256 }]) => ({ number, sha256 }));
      const { addresses, present } = await this.#ask(parts);
      for (const number of present) wanted.get(number)?.resolve({ isThere: true });
      for (const address of addresses) wanted.get(address.number)?.resolve(address);
      for (const { reject } of wanted.values()) reject(new Refusal({}));
    } catch (error) {
      for (const { reject } of wanted.values()) reject(error);
    }
  }

  async #ask(parts) {
    const grant = await this.#access.fresh();
    try {
      return await this.#doors.addresses(this.#id, parts, grant.token);
    } catch (error) {
      if (error.status !== 401) throw error;
      this.#access.end(grant);
      return this.#doors.addresses(this.#id, parts, (await this.#access.fresh()).token);
    }
  }
}

function grantOf({ token, token_expires_at: expires, origins }) {
  return { token, expiresAt: Date.parse(expires), origins };
}
