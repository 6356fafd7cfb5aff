"""Every action on a registration, by everybody, in every state.

``ACTIONS`` says who may do what, when, and what comes of it, as docs/onboarding.md tells it; the tests are made from it. A
transition that is added to the table in ``orgs.states`` without a line here fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import timezone

from accounts.services import one_time_passwords
from core import states
from core.actor import Actor
from core.errors import Conflict, DomainError, NotAllowed, NotFound
from core.models import Mail
from orgs import access, tasks
from orgs.models import (
    DenialCode,
    Organization,
    Registration,
    RegistrationAdministrator,
    RegistrationQuestion,
    RegistrationState,
    WizardStep,
)
from orgs.services import approval, review
from orgs.services.actors import of_user
from orgs.services.registrations import answers, submission, withdrawal
from tests.orgs import world as worlds
from tests.orgs.world import ONE_TIME_PASSWORD, VISITOR, World, acting, sft

pytestmark = pytest.mark.django_db

S = RegistrationState
STAFF = frozenset({"staff"})
# Whoever has the mailed link, or the draft in their browser, and nobody else.
REGISTRANT = frozenset({"registrant"})
CLOCK = frozenset({"clock"})
ROLES = ("staff", "named staff", "registrant", "visitor", "employee", "aa", "oa", "stranger oa", "clock")


@dataclass(frozen=True, slots=True)
class Action:
    """``moves`` maps the states in which the action is open to where it leads; ``name`` is that of its transition, if any."""

    call: Callable[[Actor, Registration], Any]
    who: frozenset[str]
    moves: dict[RegistrationState, RegistrationState]
    transition: str = ""


def _merge(actor: Actor, registration: Registration) -> None:
    approval.merge(actor, registration, organization=Organization.objects.get(legal_name="Elsewhere Ltd"))


def _expire(_actor: Actor, registration: Registration) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Registration.objects.filter(pk=registration.pk).update(expires_at=past, due_at=past)
    tasks.expire_due()


ACTIONS = {
    "submit": Action(submission.submit, REGISTRANT, {S.DRAFT: S.SUBMITTED}, "submit"),
    "answer": Action(
        lambda actor, registration: answers.answer(actor, registration, text="It is our second site."),
        REGISTRANT,
        {S.INFO_REQUESTED: S.SUBMITTED},
        "answer",
    ),
    "withdraw": Action(
        withdrawal.withdraw, REGISTRANT, {S.SUBMITTED: S.WITHDRAWN, S.INFO_REQUESTED: S.WITHDRAWN}, "withdraw"
    ),
    "approve": Action(approval.approve, STAFF, {S.SUBMITTED: S.APPROVED}, "approve"),
    "merge": Action(_merge, STAFF, {S.SUBMITTED: S.MERGED}, "merge"),
    "deny": Action(
        lambda actor, registration: approval.deny(actor, registration, code=DenialCode.OTHER, reason="Not a supplier."),
        STAFF,
        {S.SUBMITTED: S.DENIED, S.INFO_REQUESTED: S.DENIED},
        "deny",
    ),
    "ask": Action(
        lambda actor, registration: review.ask(actor, registration, question="Which site is this?"),
        STAFF,
        {S.SUBMITTED: S.INFO_REQUESTED},
        "request_information",
    ),
    "claim": Action(review.claim, STAFF, {S.SUBMITTED: S.SUBMITTED, S.INFO_REQUESTED: S.INFO_REQUESTED}),
    "expire": Action(_expire, CLOCK, {S.DRAFT: S.EXPIRED, S.INFO_REQUESTED: S.EXPIRED}, "expire"),
}


@pytest.fixture
def world() -> World:
    return worlds.build()


def actors_of(world: World) -> dict[str, Actor]:
    named = worlds.user("Nadia", email="nadia@operator.example", staff=True)
    return {
        "staff": world.operator,
        "named staff": of_user(named),
        "registrant": VISITOR,
        "visitor": VISITOR,
        "employee": acting(world.employee),
        "aa": acting(world.approver),
        "oa": acting(world.inviter),
        "stranger oa": acting(world.stranger),
        "clock": Actor.system("test"),
    }


def registration_in(world: World, state: RegistrationState) -> Registration:
    """A complete registration in ``state`` whose Application Administrator is the operator's own Nadia."""
    now = timezone.now()
    decided = state in {S.APPROVED, S.MERGED}
    registration = Registration.objects.create(
        legal_name="Newco Metals Ltd",
        country="GB",
        address_line_1="1 Foundry Lane",
        city="Sheffield",
        postal_code="S1 2HE",
        phone="+441144960123",
        contact_first_name="Kim",
        contact_last_name="Novak",
        contact_email="kim@newco.example",
        completed_steps=[WizardStep.WELCOME, WizardStep.PROFILE],
        state=state,
        expires_at=now + timedelta(days=30),
        submitted_at=None if state == S.DRAFT else now,
        due_at=None if state == S.DRAFT else now + timedelta(days=2),
        denial_reason="No." if state == S.DENIED else "",
        organization=world.aurora if decided else None,
    )
    registration.applications.set([sft()])
    secret_hash = one_time_passwords.hash_of(ONE_TIME_PASSWORD)
    for name, email, is_oa in (("Kim", "kim@newco.example", True), ("Nadia", "nadia@operator.example", False)):
        person = RegistrationAdministrator.objects.create(
            registration=registration,
            first_name=name,
            last_name="Novak",
            email=email,
            is_contact=is_oa,
            is_organization_administrator=is_oa,
            one_time_password_hash=secret_hash,
        )
        if is_oa:
            person.administered.set([sft()])
    if state == S.INFO_REQUESTED:
        RegistrationQuestion.objects.create(registration=registration, asked_by=world.staff, text="Which site?")
    return registration


def _name(registration: Registration, email: str) -> None:
    """Let the registration give a role to whoever has this address."""
    person = registration.administrators.get(email=email)
    person.administered.set([sft()])


@pytest.mark.parametrize(("name", "role"), list(product(ACTIONS, ROLES)))
def test_who_may_do_it_can_in_the_right_states_and_nobody_else_can_in_any(world: World, name: str, role: str) -> None:
    action, actor = ACTIONS[name], actors_of(world)[role]
    for state in RegistrationState:
        registration = registration_in(world, state)
        if role == "named staff":
            _name(registration, "nadia@operator.example")
        is_theirs = role in action.who
        expected = action.moves.get(state, state) if is_theirs else state
        mails = Mail.objects.count()
        refusal = _try(action, actor, registration, role)
        registration.refresh_from_db()
        case = f"{name} by {role} of {state}"
        assert registration.state == expected, case
        if not is_theirs:
            assert isinstance(refusal, NotAllowed | NotFound | Conflict), f"{case}: {refusal!r}"
        elif role != "clock":
            assert isinstance(refusal, Conflict) == (state not in action.moves), f"{case}: {refusal!r}"
        if not is_theirs or state not in action.moves:
            assert Mail.objects.count() == mails, f"{case} wrote mails"
        Registration.objects.filter(pk=registration.pk).delete()


def _try(action: Action, actor: Actor, registration: Registration, role: str) -> DomainError | None:
    """Do it as this role would come to it: staff by the queue, a registrant by what their browser holds."""
    try:
        if action.who == REGISTRANT:
            held = [str(registration.pk)] if role == "registrant" else []
            access.held_registration(held, registration.pk)
        elif action.who == CLOCK and role != "clock":
            raise NotFound  # there is no page for it
        action.call(actor, registration)
    except DomainError as refusal:
        return refusal
    return None


def test_every_transition_of_the_table_is_in_the_matrix() -> None:
    machine = next(machine for machine in states.machines() if machine.model is Registration)
    table = {row.action: ({*row.sources}, row.target) for row in machine.transitions}
    told = {
        action.transition: ({str(state) for state in action.moves}, str(next(iter(action.moves.values()))))
        for action in ACTIONS.values()
        if action.transition
    }
    assert told == table
