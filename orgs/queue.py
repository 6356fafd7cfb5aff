"""The operator's queue: what is in it, what comes next, and what hinders an approval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from core import states
from core.actor import Actor
from orgs import access, findings, policies, queries
from orgs.models import (
    Registration,
    RegistrationAdministrator,
    RegistrationMatch,
    RegistrationQuestion,
    RegistrationState,
)

DECIDED = (
    RegistrationState.APPROVED,
    RegistrationState.MERGED,
    RegistrationState.DENIED,
    RegistrationState.WITHDRAWN,
    RegistrationState.EXPIRED,
)
# Everybody whom a registration names, and what they administer.
PEOPLE = ("administrators__administered",)
_WAITING = Q(state=RegistrationState.SUBMITTED)


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the queue: what its tab says, and its name in the address of the list."""

    name: str
    label: str
    tone: str = "neutral"


WAITING = Scope("", "Waiting for us", "info")
OVERDUE = Scope("overdue", "Overdue", "danger")
MINE = Scope("mine", "Mine", "info")
UNASSIGNED = Scope("unassigned", "Unassigned")
ANSWERED = Scope("answered", "Questions answered", "info")
SECOND = Scope("second", "Second approval", "info")
DUPLICATES = Scope("duplicates", "Possible duplicates", "warning")
REGISTRANT = Scope("registrant", "Waiting for the registrant")
CLOSED = Scope("decided", "Decided")
ALL = Scope("all", "All")
# What is decided grows for years and is not counted.
COUNTED = (WAITING, OVERDUE, MINE, UNASSIGNED, ANSWERED, SECOND, DUPLICATES, REGISTRANT)


def scopes() -> list[Scope]:
    """All parts, in the order of their tabs."""
    shown = [scope for scope in COUNTED if scope is not SECOND or settings.FOUR_EYES_APPROVAL]
    return [*shown, CLOSED, ALL]


def in_scope(scope: Scope, actor: Actor) -> Q:
    """The condition on registrations that were ever submitted."""
    conditions = {
        WAITING: _WAITING,
        OVERDUE: _WAITING & Q(due_at__lt=timezone.now()),
        MINE: Q(state__in=policies.UNDER_REVIEW, assigned_to=actor.user_id),
        UNASSIGNED: _WAITING & Q(assigned_to=None),
        ANSWERED: _WAITING & Exists(_questions().filter(answered_at__isnull=False)),
        SECOND: _WAITING & Q(first_approved_by__isnull=False),
        DUPLICATES: _WAITING & Exists(queries.current_matches().filter(registration=OuterRef("pk"))),
        REGISTRANT: Q(state=RegistrationState.INFO_REQUESTED),
        CLOSED: Q(state__in=DECIDED),
        ALL: Q(),
    }
    return Q(conditions[scope])


def counts(actor: Actor) -> dict[Scope, int]:
    """How much lies in each part that is counted, in one query over what is not decided yet."""
    open_now = access.registrations(actor).filter(state__in=policies.UNDER_REVIEW).order_by()
    shown = [scope for scope in scopes() if scope in COUNTED]
    counted = open_now.aggregate(
        **{scope.name or "waiting": Count("pk", filter=in_scope(scope, actor)) for scope in shown}
    )
    return {scope: counted[scope.name or "waiting"] for scope in shown}


def count(scope: Scope, actor: Actor) -> int:
    return access.registrations(actor).filter(in_scope(scope, actor)).order_by().count()


def next_to_decide(actor: Actor, registration: Registration) -> Registration | None:
    """What the actor looks at after ``registration``: the next by due time that no colleague holds, else the first."""
    free = access.registrations(actor).filter(_WAITING).exclude(pk=registration.pk)
    free = free.filter(Q(assigned_to=None) | Q(assigned_to=actor.user_id)).exclude(first_approved_by=actor.user_id)
    free = free.order_by("due_at", "id")
    return free.filter(_after(registration)).first() or free.first()


def neighbours(actor: Actor, registration: Registration) -> tuple[Registration | None, Registration | None]:
    """The ones that wait before and after ``registration``, by due time."""
    waiting = access.registrations(actor).filter(_WAITING).exclude(pk=registration.pk)
    before = waiting.exclude(_after(registration)).order_by("-due_at", "-id").first()
    return before, waiting.filter(_after(registration)).order_by("due_at", "id").first()


def with_matches(registrations: QuerySet[Registration]) -> QuerySet[Registration]:
    """The same, each with its ``current_matches`` and the names of what it is like."""
    matches = queries.current_matches().select_related("organization", "other")
    briefly = matches.only("registration_id", "kind", "organization__legal_name", "other__legal_name")
    return registrations.prefetch_related(Prefetch("matches", briefly, to_attr="current_matches"))


def warnings(registration: Registration) -> list[findings.Finding]:
    """What is to be looked at twice about a registration that came ``with_matches``."""
    matches: list[RegistrationMatch] = registration.current_matches  # type: ignore[attr-defined]
    return [*findings.duplicates(matches), *findings.flags(registration)]


def named(registration: Registration) -> list[RegistrationAdministrator]:
    """``queries.administrators_named`` of a registration whose ``PEOPLE`` were prefetched, without another query."""
    people = registration.administrators.all()
    return [person for person in people if person.is_organization_administrator or person.administered.all()]


def known_people(registrations: Iterable[Registration]) -> dict[str, User]:
    """Who already has an account among those whom the registrations name, by address in lower case."""
    addresses = {person.email.lower() for registration in registrations for person in named(registration)}
    return {user.email.lower(): user for user in queries.users_by_email(addresses)} if addresses else {}


def hindrances(actor: Actor, decider: User, registrations: Sequence[Registration]) -> dict[UUID, str]:
    """Why each of these registrations cannot be approved by ``decider``; those that can are left out."""
    known = known_people(registrations)
    found = {
        registration.pk: _hindrance(
            actor, decider, registration, [known.get(p.email.lower()) for p in named(registration)]
        )
        for registration in registrations
    }
    return {pk: sentence for pk, sentence in found.items() if sentence}


def _hindrance(actor: Actor, decider: User, registration: Registration, known: Sequence[User | None]) -> str:
    if not states.permits(registration, "approve"):
        return f"It is now “{registration.get_state_display()}”."
    addresses = [person.email for person in named(registration)]
    decision = policies.can_approve(actor, registration, decider_email=decider.email, named_emails=addresses)
    if not decision:
        return decision.reason
    for user in known:
        if user and user.is_staff:
            return f"{user.full_name} is operator staff and cannot be an administrator of an organisation."
        if user and user.state not in queries.REACHABLE:
            return f"The account of {user.full_name} is {user.get_state_display().lower()}."
    return ""


def _questions() -> QuerySet[RegistrationQuestion]:
    return RegistrationQuestion.objects.filter(registration=OuterRef("pk"))


def _after(registration: Registration) -> Q:
    return Q(due_at__gt=registration.due_at) | Q(due_at=registration.due_at, id__gt=registration.pk)
