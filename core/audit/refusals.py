"""What somebody was not allowed to do: one event for a request that ended so, up to a limit."""

from __future__ import annotations

import logging

from django.db import DatabaseError, transaction
from django.http import HttpRequest

from core import throttles
from core.actor import Actor
from core.audit.writing import record
from core.errors import TooMany
from core.http import client_address
from core.models import Outcome
from core.throttles import FailMode, Limit

logger = logging.getLogger(__name__)

# Enough to see what somebody is about; more would let one visitor fill the trail.
LIMIT = Limit("authorisation failures", "30/10 minutes", FailMode.OPEN)


def note(request: HttpRequest, reason: str = "") -> None:
    """Record that this request was refused for want of a right. What was refused stays so whether or not that succeeds.

    The address asked for is told by its name: a path can hold the secret of a link.
    """
    actor = _actor(request)
    try:
        throttles.hit(LIMIT, str(actor.user_id or actor.ip))
        with transaction.atomic():
            record(actor, "core.request.refuse", outcome=Outcome.REFUSED, reason=reason, data=_asked(request))
    except TooMany:
        logger.warning("%s is refused too often to record each time.", actor.label)
    except DatabaseError:
        logger.exception("A refusal could not be recorded.")


def _actor(request: HttpRequest) -> Actor:
    actor: Actor | None = getattr(request, "actor", None)
    if actor is not None:
        return actor
    return Actor.anonymous(ip=client_address(request), request_id=getattr(request, "request_id", ""))


def _asked(request: HttpRequest) -> dict[str, str]:
    match = request.resolver_match
    page = match.view_name if match else ""
    key = str(match.kwargs.get("pk", "")) if match else ""
    return {"method": str(request.method), "page": page, **({"object": key} if key else {})}
