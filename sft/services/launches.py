"""Launches: what stands between Home and an application, asked anew each time."""

from __future__ import annotations

from django.db import transaction

import orgs.policies
from accounts.proofs import FactorKind
from core import audit
from core.actor import Actor
from core.errors import StrongerSignInRequired
from core.models import Outcome
from orgs.catalogue import SFT
from orgs.models import Application
from sft import policies, queries


def open_application(actor: Actor, *, application: Application) -> None:
    """Record that the actor opens ``application``; a refusal is recorded too.

    Raises ``NotAllowed`` without active access, ``StrongerSignInRequired`` where the application asks for another factor.
    """
    standing = queries.standing(actor, application.code)
    decision = policies.can_open(standing.subscription, standing.grant)
    kinds = orgs.policies.stronger_sign_in(actor, standing.second_factor_rule) if decision else frozenset[str]()
    with transaction.atomic():
        audit.record(
            actor,
            "sft.application.open",
            application,
            outcome=Outcome.REFUSED if kinds or not decision else Outcome.DONE,
            reason="asks for a stronger sign-in" if kinds else decision.reason,
            data={"application": application.code},
        )
    decision.enforce(recorded=True)
    _ask_for(kinds, application)


def require_workspace(actor: Actor) -> None:
    """Raise ``NotAllowed`` unless Secure File Transfer is open to the actor at this moment, ``StrongerSignInRequired``
    where the session was opened with less than it asks for.
    """
    standing = queries.standing(actor, SFT)
    policies.can_open(standing.subscription, standing.grant).enforce()
    require_strength(actor, standing)


def require_strength(actor: Actor, standing: queries.Standing) -> None:
    """Raise ``StrongerSignInRequired`` where the session of ``actor`` does not show the factor that is asked for."""
    if standing.subscription is not None:
        kinds = orgs.policies.stronger_sign_in(actor, standing.second_factor_rule)
        _ask_for(kinds, standing.subscription.application)


def _ask_for(kinds: frozenset[str], application: Application) -> None:
    if not kinds:
        return
    words = sorted(FactorKind(kind).label.lower() for kind in kinds)
    raise StrongerSignInRequired(
        f"{application} asks for a second factor ({' or '.join(words)}). Set one up here, then open it again.",
        kinds=kinds,
    )
