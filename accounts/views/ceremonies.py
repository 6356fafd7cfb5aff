"""Both halves of a passkey ceremony over JSON, as ``static/js/passkeys.js`` speaks it.

First half: ``POST`` without a body; the answer is the options for the browser. Second half: ``POST`` of ``{"credential": …}``
with what a page adds to it, such as a name; the answer is ``{"location": …}``, where to go next. Refusals are the documents
of ``core.views.errors``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, JsonResponse

from accounts.services.factors.passkeys import STALE, Challenge
from core.errors import Conflict, Invalid
from core.http import Request

CHALLENGE = "passkey_challenge"
UNREADABLE = "What the browser sent could not be read. Reload the page and try again."


@dataclass(frozen=True, slots=True)
class Shown:
    """The second half: what the device made of the challenge, and what the page sent with it."""

    challenge: Challenge
    credential: Mapping[str, Any]
    sent: Mapping[str, Any]

    def text(self, name: str) -> str:
        value = self.sent.get(name, "")
        return value if isinstance(value, str) else ""


def offer(request: Request, options: Mapping[str, Any], challenge: Challenge) -> JsonResponse:
    """Hand out the options; the challenge stays in the session, in place of any before."""
    request.session[CHALLENGE] = challenge.as_row()
    return JsonResponse(dict(options))


def shown(request: Request) -> Shown:
    """What the browser answers; the challenge leaves the session with it, or there is a ``Conflict``. Raises ``Invalid``."""
    row = request.session.pop(CHALLENGE, None)
    if row is None:
        raise Conflict(STALE)
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Invalid(UNREADABLE) from error
    if not isinstance(sent, dict) or not isinstance(sent.get("credential"), dict):
        raise Invalid(UNREADABLE)
    return Shown(Challenge(**row), sent["credential"], sent)


def onward(response: HttpResponse) -> JsonResponse:
    """Where ``response`` redirects to, for a page that goes there by itself."""
    return JsonResponse({"location": response["Location"]})
