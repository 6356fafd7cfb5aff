// One PUT of a slice of a file, with progress.

import { Refusal, refusalOf, stopped } from "./refusals.js";

const STALLED_AFTER = 60_000;
const ANSWER_WITHIN = 120_000;

/**
 * Put `body` at `url`. `onProgress(bytes)` tells how much of it has left; an aborted `signal` rejects with code "stopped", or
 * with the signal's reason where that is a Refusal. Resolves to the answer's document once the bytes are acknowledged.
 */
export function put(url, { headers, body, onProgress, signal }) {
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
    const refuse = (refusal) => end(reject, refusal);

    request.open("PUT", url);
    request.responseType = "text";
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      watchFor(STALLED_AFTER);
      onProgress(event.loaded);
    };
    request.upload.onload = () => watchFor(ANSWER_WITHIN);
    request.onerror = () => refuse(new Refusal({}));
    request.onabort = () => refuse(signal.aborted ? reasonOf(signal) : new Refusal({}));
    request.onload = () => {
      const document = parsed(request.responseText);
      if (request.status >= 200 && request.status < 300) return end(resolve, document);
      return refuse(refusalOf(request.status, document, request.getResponseHeader("Retry-After")));
    };
    if (signal.aborted) return refuse(reasonOf(signal));
    signal.addEventListener("abort", stop);
    watchFor(STALLED_AFTER);
    return request.send(body);
  });
}

function reasonOf({ reason }) {
  return reason instanceof Refusal ? reason : stopped();
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
