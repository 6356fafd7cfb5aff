"""Launches: what stands between Home and an application, asked anew each time."""

from __future__ import annotations

from django.db import transaction

from core import audit
from core.actor import Actor
from core.models import Outcome
from core.policies import Decision
from orgs.catalogue import SFT
from orgs.models import Application
from sft import policies, queries


def open_application(actor: Actor, *, application: Application) -> None:
    """Record that the actor opens ``application``. Raises ``NotAllowed`` without active access, which is recorded too."""
    decision = _may_open(actor, application.code)
    outcome = Outcome.DONE if decision else Outcome.REFUSED
    with transaction.atomic():
        audit.record(
            actor,
            "sft.application.open",
            application,
            outcome=outcome,
            reason=decision.reason,
            data={"application": application.code},
        )
    decision.enforce(recorded=True)


def require_workspace(actor: Actor) -> None:
    """Raise ``NotAllowed`` unless Secure File Transfer is open to the actor at this moment."""
    _may_open(actor, SFT).enforce()


def _may_open(actor: Actor, code: str) -> Decision:
    standing = queries.standing(actor, code)
    return policies.can_open(standing.subscription, standing.grant)
