"""Who of the operator's staff may do what with a registration: nobody decides one that names them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from accounts.models import User
from core.actor import Actor
from core.errors import NotAllowed
from core.policies import Decision, refused
from orgs import policies, queries
from orgs.models import Registration

NOT_STAFF = "Registrations are decided by operator staff."


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody may do with a registration. ``work`` is to claim it, to ask the registrant and to merge it.

    ``deciders`` are all who may, in the order in which they joined; it is empty where the registration names everybody.
    """

    work: Decision
    approve: Decision
    deny: Decision
    deciders: list[User]


def standing(actor: Actor, registration: Registration) -> Standing:
    """How ``actor`` stands to ``registration``, and who else could decide it. Two queries."""
    staff = list(queries.operator_staff())
    named = list(queries.administrators_named(registration).values_list("email", flat=True))
    deciders = [user for user in staff if not policies.is_involved(registration, email=user.email, named_emails=named)]
    decider = next((user for user in staff if user.id == actor.user_id), None)
    if decider is None:
        nobody = refused(NOT_STAFF)
        return Standing(work=nobody, approve=nobody, deny=nobody, deciders=deciders)
    work = policies.can_decide(actor, registration, decider_email=decider.email, named_emails=named)
    approve = policies.can_approve(actor, registration, decider_email=decider.email, named_emails=named)
    deny = policies.can_deny(
        actor,
        registration,
        decider_email=decider.email,
        named_emails=named,
        has_other_deciders=bool(deciders),
    )
    return Standing(
        work=_with_others(work, decider, deciders),
        approve=_with_others(approve, decider, deciders),
        deny=_with_others(deny, decider, deciders),
        deciders=deciders,
    )


def person(actor: Actor) -> User:
    """The member of staff behind ``actor``. Raises ``NotAllowed`` for anybody else."""
    found = queries.operator_staff().filter(pk=actor.user_id).first() if actor.user_id else None
    if found is None:
        raise NotAllowed(NOT_STAFF)
    return found


def _with_others(decision: Decision, decider: User, deciders: Collection[User]) -> Decision:
    """A refusal says who can do it instead, or what is to be done where nobody can."""
    if decision:
        return decision
    others = [user.full_name for user in deciders if user != decider]
    if others:
        names = ", ".join(others[:3]) + (" and others" if len(others) > 3 else "")
        return refused(f"{decision.reason} Who can: {names}.")
    denial = "" if decider in deciders else " You may deny it, and say whom to name instead."
    return refused(
        f"{decision.reason} There is nobody else yet: have an account made for a colleague (create_operator_staff).{denial}"
    )
