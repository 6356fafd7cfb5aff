// The page's CSRF token. Signing in again, in another tab, makes it stale: it is then read anew from the page's own address.

let isStale = false;

export function tokenWasRefused() {
  isStale = true;
}

export async function csrfToken() {
  if (isStale) await renew();
  return fields(document)[0].value;
}

async function renew() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" }).catch(() => null);
  // A redirect leads to the sign-in page, whose token is nobody's yet.
  if (!response?.ok || response.redirected) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = fields(page)[0]?.value;
  if (!fresh) return;
  for (const field of fields(document)) field.value = fresh;
  isStale = false;
}

function fields(page) {
  return page.getElementsByName("csrfmiddlewaretoken");
}
