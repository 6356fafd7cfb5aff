// Talking to the portal's own pages as a program: JSON answers, refusals as one kind of error.

import { csrfToken, tokenWasRefused } from "./csrf.js";

const OFFLINE = "The portal cannot be reached. Check your connection; nothing is lost, and you can try again.";
const UNREADABLE = "The portal gave an answer that this page does not understand. Reload the page.";
const SIGN_IN = "Your sign-in has ended. Sign in again in another tab, then try again here; nothing is lost.";

/** What the portal refused: a sentence, and one for each field that it is about. */
export class Refusal extends Error {
  constructor(message, { code = "", fields = {}, status = 0 } = {}) {
    super(message);
    this.code = code;
    this.fields = fields;
    this.status = status;
  }
}

/** `unattended`: the page asks by itself, which keeps nobody signed in. */
export function getJson(url, { signal, unattended = false } = {}) {
  return ask(url, { signal, headers: unattended ? { "X-Unattended": "1" } : {} });
}

export async function postForm(url, data) {
  try {
    return await post(url, data);
  } catch (refusal) {
    if (refusal.code !== "stale_form") throw refusal;
    tokenWasRefused();
    return post(url, data);
  }
}

async function post(url, data) {
  const body = new URLSearchParams({ ...data, csrfmiddlewaretoken: await csrfToken() });
  return ask(url, { method: "POST", body });
}

async function ask(url, options) {
  let response;
  try {
    response = await fetch(url, { ...options, headers: { Accept: "application/json", ...options.headers }, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(OFFLINE, { code: "offline" });
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  const needsSignIn = response.status === 401 || answer?.code === "stale_form";
  const message = needsSignIn ? SIGN_IN : (answer?.message ?? UNREADABLE);
  throw new Refusal(message, { code: answer?.code, fields: answer?.fields, status: response.status });
}
