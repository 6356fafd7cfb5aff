"""Every action on an invitation, by everybody, in every state. The tests are made from ``ACTIONS``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from core import states, tokens
from core.actor import Actor
from core.errors import Conflict, DomainError, Gone, NotAllowed, NotFound
from core.models import Mail
from orgs import access, tasks
from orgs.models import Invitation, InvitationState, Membership, Role
from orgs.services import invitations
from orgs.services.invitations import received
from orgs.services.registrations import drafts
from tests.orgs import world as worlds
from tests.orgs.world import VISITOR, World, acting, member, sft

pytestmark = pytest.mark.django_db

S = InvitationState
INVITED = "kim@newco.example"
MANAGERS = frozenset({"inviter", "aa", "oa", "staff"})
# Whoever has the mail, and with it the link.
HOLDER = frozenset({"holder"})
INVITED_ADMINISTRATOR = frozenset({"invited oa"})
GATEWAY = frozenset({"gateway"})
ROLES = (*sorted(MANAGERS), "colleague", "employee", "stranger oa", "invited oa", "holder", "visitor", "gateway")
OPEN = (S.PENDING, S.SENT, S.OPENED, S.STARTED)


@dataclass(frozen=True, slots=True)
class Action:
    """``moves`` maps the states in which the action does something to where it leads; ``transition`` is its name there."""

    call: Callable[[Actor, Invitation], Any]
    who: frozenset[str]
    moves: dict[InvitationState, InvitationState]
    transition: str = ""
    says_so: bool = True


def _expire(_actor: Actor, invitation: Invitation) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    tasks.expire_due()


def _bounce(_actor: Actor, invitation: Invitation) -> None:
    mail = Mail(template="orgs/mail/invitation", to=invitation.email, about=invitation.pk)
    invitations.BouncedInvitations().bounced(mail, reason="No such mailbox.")


def _to(state: InvitationState, *sources: InvitationState) -> dict[InvitationState, InvitationState]:
    return dict.fromkeys(sources, state)


ACTIONS = {
    "extend": Action(invitations.extend, MANAGERS, {state: state for state in OPEN}),
    "resend": Action(invitations.resend, MANAGERS, _to(S.SENT, *OPEN, S.EXPIRED, S.BOUNCED), "resend"),
    "revoke": Action(invitations.revoke, MANAGERS, _to(S.REVOKED, *OPEN, S.BOUNCED), "revoke"),
    "open": Action(invitations.mark_opened, HOLDER, _to(S.OPENED, S.SENT, S.BOUNCED), "open", says_so=False),
    "start": Action(
        lambda actor, invitation: drafts.start(actor, invitation=invitation),
        HOLDER,
        {**_to(S.STARTED, S.SENT, S.OPENED), S.STARTED: S.STARTED, S.PENDING: S.PENDING},
        "start",
    ),
    # One that came back is opened by being accepted: whoever does so has the mail after all.
    "accept": Action(
        received.accept,
        INVITED_ADMINISTRATOR,
        _to(S.ACCEPTED, S.SENT, S.OPENED, S.STARTED, S.BOUNCED),
        "accept",
    ),
    "expire": Action(_expire, GATEWAY, _to(S.EXPIRED, *OPEN), "expire", says_so=False),
    "bounce": Action(_bounce, GATEWAY, _to(S.BOUNCED, S.SENT, S.OPENED), "bounce", says_so=False),
}


@pytest.fixture
def world() -> World:
    return worlds.build()


@pytest.fixture
def inviter(world: World) -> Membership:
    return member(world.aurora, "Ines", can_invite=True)


def actors_of(world: World, inviter: Membership) -> dict[str, Actor]:
    """``stranger oa`` administers an organisation that has nothing to do with it; ``invited oa`` the invited person's."""
    invited = member(worlds.company("Newco Metals Ltd"), "Kim", Role.OA)
    User.objects.filter(pk=invited.user_id).update(email=INVITED)
    return {
        "inviter": acting(inviter),
        "colleague": acting(member(world.aurora, "Cora", can_invite=True)),
        "employee": acting(world.employee),
        "aa": acting(world.approver),
        "oa": acting(world.inviter),
        "staff": world.operator,
        "stranger oa": acting(world.stranger),
        "invited oa": acting(invited),
        "holder": VISITOR,
        "visitor": VISITOR,
        "gateway": Actor.system("test"),
    }


def invitation_in(inviter: Membership, state: InvitationState) -> Invitation:
    invitation = Invitation.objects.create(
        organization=inviter.organization,
        invited_by=inviter,
        company_name="Newco Metals",
        email=INVITED,
        state=state,
        expires_at=timezone.now() + timedelta(days=20),
        sent_at=timezone.now(),
    )
    invitation.applications.set([sft()])
    link = tokens.issue(invitations.LINK, invitation.pk, lifetime=timedelta(days=20))
    if state == S.REVOKED:
        tokens.revoke(invitations.LINK, link.subject_id)
    return invitation


@pytest.mark.parametrize(("name", "role"), list(product(ACTIONS, ROLES)))
def test_who_may_do_it_can_in_the_right_states_and_nobody_else_can_in_any(
    world: World, inviter: Membership, name: str, role: str
) -> None:
    action, actor = ACTIONS[name], actors_of(world, inviter)[role]
    for state in InvitationState:
        invitation = invitation_in(inviter, state)
        is_theirs = role in action.who
        mails = Mail.objects.count()
        refusal = _try(action, actor, invitation, role)
        invitation.refresh_from_db()
        case = f"{name} by {role} of {state}"
        assert invitation.state == (action.moves.get(state, state) if is_theirs else state), case
        if not is_theirs:
            assert isinstance(refusal, NotAllowed | NotFound), f"{case}: {refusal!r}"
        elif action.says_so:
            assert isinstance(refusal, Conflict | Gone) == (state not in action.moves), f"{case}: {refusal!r}"
        if not is_theirs or state not in action.moves:
            assert Mail.objects.count() == mails, f"{case} wrote mails"
        invitation.registrations.all().delete()
        invitation.delete()


def _try(action: Action, actor: Actor, invitation: Invitation, role: str) -> DomainError | None:
    """Do it as this role would come to it: by the list of its organisation, by the link, or not at all."""
    try:
        action.call(actor, _reach(action, actor, invitation, role))
    except DomainError as refusal:
        return refusal
    return None


def _reach(action: Action, actor: Actor, invitation: Invitation, role: str) -> Invitation:
    if action.who == INVITED_ADMINISTRATOR:
        return access.received_invitation(actor, invitation.pk)
    if action.who == MANAGERS:
        return (
            access.any_invitation(actor, invitation.pk) if actor.is_staff else access.invitation(actor, invitation.pk)
        )
    if role not in action.who:
        raise NotFound  # without the link, or without being the gateway, there is no page for it
    return invitation


def test_managing_is_refused_to_others_even_if_they_come_by_the_object(world: World, inviter: Membership) -> None:
    """The services ask again, whoever loaded it."""
    invitation = invitation_in(inviter, S.SENT)
    for role, actor in actors_of(world, inviter).items():
        for manage in (invitations.extend, invitations.resend, invitations.revoke):
            if role not in MANAGERS:
                with pytest.raises(NotAllowed):
                    manage(actor, invitation)
    invitation.refresh_from_db()
    assert invitation.state == S.SENT


def test_every_transition_of_the_table_is_in_the_matrix() -> None:
    machine = next(machine for machine in states.machines() if machine.model is Invitation)
    table = {row.action: ({*row.sources}, row.target) for row in machine.transitions}
    # Creating one sends it at once; there is no action that finds one pending.
    assert table.pop("send") == ({S.PENDING}, S.SENT)
    told = {
        action.transition: ({str(state) for state, to in action.moves.items() if to != state or name == "resend"}, to)
        for name, action in ACTIONS.items()
        if action.transition
        for to in [str(next(iter(action.moves.values())))]
    }
    told["accept"][0].remove(S.BOUNCED)
    assert told == table
