// [data-passkey="create" | "get"] is a form whose [data-passkey-button] makes or shows a passkey: options come from
// data-passkey-options, the answer goes to data-passkey-finish together with the form's fields and those of the form that
// data-passkey-with names, and the page goes where it is told. What went wrong is said in [data-passkey-said].
// Until a browser has shown that it knows passkeys, [data-passkey-missing] says so in place of the button.

const CANCELLED = new Set(["AbortError", "NotAllowedError"]);

function bytes(text) {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (letter) => letter.codePointAt(0));
}

function text(buffer) {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCodePoint(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function named(descriptors = []) {
  return descriptors.map((descriptor) => ({ ...descriptor, id: bytes(descriptor.id) }));
}

function create(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
  };
  return navigator.credentials.create({ publicKey });
}

function get(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: named(options.allowCredentials),
  };
  return navigator.credentials.get({ publicKey });
}

function asJson(credential) {
  const { response } = credential;
  const answer = { clientDataJSON: text(response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[part]) answer[part] = text(response[part]);
  }
  if (response.getTransports) answer.transports = response.getTransports();
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: answer,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

class Refused extends Error {}

async function post(form, url, body) {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "Accept": "application/json",
      "Content-Type": "application/json",
      "X-CSRFToken": form.elements.namedItem("csrfmiddlewaretoken").value,
    },
    body: JSON.stringify(body),
  });
  if (response.redirected) return { location: response.url };
  const answer = await response.json();
  if (!response.ok) throw new Refused(Object.values(answer.fields ?? {}).join(" ") || answer.message);
  return answer;
}

function fields(form) {
  const sent = {};
  for (const source of [document.getElementById(form.dataset.passkeyWith), form]) {
    if (source) Object.assign(sent, Object.fromEntries(new FormData(source)));
  }
  delete sent.csrfmiddlewaretoken;
  return sent;
}

async function run(form) {
  const options = await post(form, form.dataset.passkeyOptions, {});
  if (options.location) return options.location;
  const credential = await (form.dataset.passkey === "create" ? create(options) : get(options));
  const answer = await post(form, form.dataset.passkeyFinish, { ...fields(form), credential: asJson(credential) });
  return answer.location;
}

function sentence(form, error) {
  if (error instanceof Refused) return error.message;
  if (CANCELLED.has(error.name)) return form.dataset.saidCancelled;
  if (error.name === "InvalidStateError") return form.dataset.saidThere;
  return form.dataset.saidFailed;
}

async function start(form, button, said) {
  button.disabled = true;
  said.hidden = true;
  try {
    location.assign(await run(form));
  } catch (error) {
    said.textContent = sentence(form, error);
    said.hidden = false;
    button.disabled = false;
    button.focus();
  }
}

if (window.PublicKeyCredential && navigator.credentials) {
  for (const form of document.querySelectorAll("[data-passkey]")) {
    const button = form.querySelector("[data-passkey-button]");
    const said = form.querySelector("[data-passkey-said]");
    form.querySelector("[data-passkey-missing]").hidden = true;
    button.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      start(form, button, said);
    });
    window.addEventListener("pageshow", () => {
      button.disabled = false;
    });
  }
}
