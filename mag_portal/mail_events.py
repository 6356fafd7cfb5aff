"""Where a hosted mail provider reports what became of messages: Anymail's own view, under one address."""

from __future__ import annotations

from django.urls import URLPattern, path

# Anymail has one door for everything that Mandrill reports.
COMBINED = {"mandrill": "mandrill_webhook"}


def webhook(provider: str) -> URLPattern:
    """``/mail-events/<provider>/``: takes reports that carry ``MAIL_WEBHOOK_SECRET`` and refuses all others.

    Raises ``LookupError`` for a provider whose reports Anymail does not read.
    """
    from anymail.urls import urlpatterns

    name = COMBINED.get(provider, f"{provider}_tracking_webhook")
    view = next((pattern.callback for pattern in urlpatterns if pattern.name == name), None)
    if view is None:
        raise LookupError(f"Anymail reads no reports of {provider!r}.")
    door: URLPattern = path(f"mail-events/{provider}/", view, name="mail-events")
    return door
