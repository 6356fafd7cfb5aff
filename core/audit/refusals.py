"""What somebody was not allowed to do: one event for a request that ended so, up to a limit."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from django.db import DatabaseError, transaction

from core import throttles
from core.actor import Actor
from core.audit.writing import record
from core.errors import TooMany
from core.models import Outcome
from core.throttles import FailMode, Limit

logger = logging.getLogger(__name__)

# Enough to see what somebody is about; more would let one visitor fill the trail.
LIMIT = Limit("authorisation failures", "30/10 minutes", FailMode.OPEN)


def note(actor: Actor, *, asked: Mapping[str, str], reason: str = "") -> None:
    """Record that what was asked for was refused for want of a right. It stays refused whether or not that succeeds.

    ``asked`` is what ``core.http.asked_for`` says of a request.
    """
    try:
        throttles.hit(LIMIT, str(actor.user_id or actor.ip))
        with transaction.atomic():
            record(actor, "core.request.refuse", outcome=Outcome.REFUSED, reason=reason, data=asked)
    except TooMany:
        logger.warning("%s is refused too often to record each time.", actor.label)
    except DatabaseError:
        logger.exception("A refusal could not be recorded.")
