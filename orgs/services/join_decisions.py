"""What an Organization Administrator decides about a request to join, and what the clock does when nobody decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts import queries as people_queries
from accounts.models import User
from core import outbox, states, texts
from core.actor import Actor
from core.errors import Conflict
from orgs import access, policies, queries
from orgs.models import LIVE_JOIN_STATES, Invitation, JoinRequest, JoinRequestState, Membership, MembershipState
from orgs.services import join_requests, locks, memberships, users
from orgs.services.invitations import received, recognition
from orgs.services.users import HandOver

CLOCK = Actor.system("requests to join")
# Rows that were never confirmed hold what a stranger typed: nobody needs them longer than this.
KEPT_UNCONFIRMED = timedelta(days=30)


def approve(actor: Actor, request: JoinRequest, *, one_time_password: str | None = None) -> HandOver:
    """Make the person a user; ``one_time_password`` is generated for ``None``. Somebody who has an account keeps it, and
    becomes a member with it: the secret is empty then.

    An invitation that led here is accepted for the organisation. Raises ``NotAllowed``, ``Invalid`` for a secret below the
    password policy, and ``Conflict`` for the second of two decisions, or for somebody who cannot be let in.
    """
    with transaction.atomic():
        locked = _lock(actor, request)
        known = people_queries.user_by_email(locked.email)
        made = _admit(actor, locked, known) if known else _add(actor, locked, one_time_password)
        _decide(actor, locked, "approve", membership=made.membership)
        if known:
            _tell_known(actor, locked, made.membership)
        if locked.invitation:
            _accept(actor, locked.invitation)
    return made


def deny(actor: Actor, request: JoinRequest, *, reason: str) -> JoinRequest:
    """Refuse it and mail the reason. Raises ``Invalid`` without one, ``NotAllowed``, and ``Conflict`` when it was decided."""
    reason = texts.required(reason, missing="Say why, in a sentence: the person reads it.")
    with transaction.atomic():
        locked = _lock(actor, request)
        _decide(actor, locked, "deny", reason=reason, denial_reason=reason)
        _tell(locked, "orgs/mail/join_denied", {"reason": reason}, {"status": join_requests.status_link(locked)})
    return locked


def remind_due(*, limit: int = 500) -> int:
    """Remind the administrators of requests that wait for long, again and again until they are decided or have ended."""
    return sum(_remind(request) for request in _forgotten()[:limit])


def expire_due(*, limit: int = 500) -> int:
    """Write ``expired`` where time has run out, and tell whoever waited for a decision."""
    return sum(_expire(request) for request in _due().order_by("expires_at")[:limit])


def purge_unconfirmed() -> int:
    """Delete what was typed at the front door and never confirmed; returns how many."""
    before = timezone.now() - KEPT_UNCONFIRMED
    ended = JoinRequest.objects.filter(state=JoinRequestState.EXPIRED, confirmed_at=None, expires_at__lte=before)
    return ended.delete()[0]


def _lock(actor: Actor, request: JoinRequest) -> JoinRequest:
    policies.can_decide_join_request(actor, request).enforce()
    locked = locks.join_request(request.pk)
    if locked.state == JoinRequestState.REQUESTED and not locked.is_live:
        raise Conflict("The time of this request is over. The person may ask again.")
    # A refusal that a look at the row gives comes before any work on it.
    if not states.permits(locked, "approve"):
        raise Conflict(f"This request is now “{locked.get_state_display()}”, so there is nothing left to decide.")
    return locked


def _decide(actor: Actor, request: JoinRequest, action: str, *, reason: str = "", **changes: Any) -> None:
    decided_by = access.member(actor, actor.membership_id)
    states.advance(
        request, action, actor=actor, reason=reason, decided_at=timezone.now(), decided_by=decided_by, **changes
    )


def _add(actor: Actor, request: JoinRequest, one_time_password: str | None) -> HandOver:
    return users.add(
        actor,
        first_name=request.first_name,
        last_name=request.last_name,
        email=request.email,
        phone=request.phone,
        one_time_password=one_time_password,
    )


def _admit(actor: Actor, request: JoinRequest, known: User) -> HandOver:
    """Somebody with an account becomes a member with it, unless they are shut out."""
    if known.is_staff or known.state not in queries.REACHABLE:
        raise Conflict(
            "This person cannot be added at present. Ask the operator’s support for help, or deny the request."
        )
    organization = request.organization
    if organization is None:
        raise Conflict("This request names no organisation.")
    membership = memberships.enrol(actor, user=known, organization=organization)
    if membership.state != MembershipState.ACTIVE:
        raise Conflict(
            f"{known.full_name} is a user of your organisation already, and is {membership.get_state_display().lower()}. "
            "See Users, and deny this request."
        )
    return HandOver(membership, "")


def _accept(actor: Actor, invitation: Invitation) -> None:
    """What the inviting company asked for has come about: the invitation is taken up for the actor's organisation.

    One that has ended meanwhile changes nothing, and one whose registration the operator is reviewing waits for that
    decision.
    """
    begun = queries.registration_of_invitation(invitation)
    is_reviewed = begun is not None and begun.state in policies.UNDER_REVIEW
    if invitation.is_open and not is_reviewed and recognition.is_for(actor, invitation):
        received.accept(actor, invitation)


def _tell_known(actor: Actor, request: JoinRequest, membership: Membership) -> None:
    administrator = access.member(actor, actor.membership_id).user
    context = {
        "administrator": administrator.full_name,
        "user_id": membership.user.user_id,
        "has_password": membership.user.has_usable_password(),
    }
    links = {"sign_in": outbox.Link("accounts:sign-in"), "first_login": outbox.Link("accounts:first-time-login")}
    _tell(request, "orgs/mail/join_approved", context, links)


def _tell(request: JoinRequest, template: str, context: Mapping[str, object], links: Mapping[str, outbox.Link]) -> None:
    company = request.organization.legal_name if request.organization else ""
    outbox.enqueue(
        template,
        to=request.email,
        language=request.language,
        context={"first_name": request.first_name, "company": company, **context},
        links=links,
        organization_id=request.organization_id,
        about=request.id,
    )


def _forgotten() -> QuerySet[JoinRequest]:
    now = timezone.now()
    waiting = JoinRequest.objects.filter(state=JoinRequestState.REQUESTED, expires_at__gt=now)
    since = waiting.annotate(told_at=Coalesce("reminded_at", "requested_at"))
    return since.filter(told_at__lte=now - settings.JOIN_REMINDER_AFTER).order_by("told_at", "id")


def _remind(request: JoinRequest) -> bool:
    """Asks once more under the lock: it may have been decided, or another worker was first."""
    with transaction.atomic():
        locked = locks.join_request(request.pk)
        if not _forgotten().filter(pk=locked.pk).exists():
            return False
        locked.reminded_at = timezone.now()
        locked.save(update_fields=["reminded_at"])
        join_requests.tell_administrators(locked, again=True)
    return True


def _due() -> QuerySet[JoinRequest]:
    return JoinRequest.objects.filter(state__in=LIVE_JOIN_STATES, expires_at__lte=timezone.now())


def _expire(request: JoinRequest) -> bool:
    with transaction.atomic():
        locked = _due().select_for_update(no_key=True, of=("self",)).filter(pk=request.pk).first()
        if locked is None:
            return False
        was_asked = locked.state == JoinRequestState.REQUESTED
        states.advance(locked, "expire", actor=CLOCK, decided_at=timezone.now())
        if was_asked:
            _tell(locked, "orgs/mail/join_expired", {}, {"again": outbox.Link("orgs:join")})
    return True
