"""Requests to join an organisation, from the first form to the Organization Administrators' list.

Until the address is confirmed nothing tells whether it, its domain or any organisation is known: every request makes the same
row, the same link and one mail. ``join_decisions`` takes it from there (docs/decisions/0012-joining.md).
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import notifications
from accounts import queries as people_queries
from accounts.models import UserState
from core import audit, outbox, states, throttles, tokens
from core.actor import Actor
from core.errors import Conflict, Gone, Invalid
from core.throttles import FailMode, Limit
from orgs import queries
from orgs.dates import in_words
from orgs.models import (
    Invitation,
    JoinRequest,
    JoinRequestState,
    Membership,
    Organization,
    OrganizationState,
    Role,
    organization_id_in,
)
from orgs.notifications import JOIN_REQUESTS
from orgs.services import locks

LINK = "join-request"
# Outlives every request, so that a late reader is told what became of it.
LINK_LIFETIME = timedelta(days=180)
FROM_ADDRESS = Limit("requests to join begun from one address", "20/hour", FailMode.CLOSED)
TO_ADDRESS = Limit("requests to join begun for one e-mail address", "5/hour", FailMode.CLOSED)
TYPED_FOR = Limit("Organization IDs typed for one request to join", "10/hour", FailMode.CLOSED)
TYPED_FROM = Limit("Organization IDs typed from one address", "30/hour", FailMode.CLOSED)

ENDED = "The time of this request is over. Begin a new one: it takes a minute."
NO_SUCH_ID = (
    "There is no organisation with this Organization ID. It looks like ORG-7KQM-2WXR: check each character, or ask a "
    "colleague, who sees it on the Home tab."
)
CHOOSE = "Choose an organisation, or enter its Organization ID."


def start(
    actor: Actor,
    *,
    first_name: str,
    last_name: str,
    email: str,
    phone: str = "",
    message: str = "",
    invitation: Invitation | None = None,
    language: str = "",
) -> None:
    """Mail a link by which the address is confirmed. Whoever has an account hears of it in that mail, and nowhere else.

    By an invitation that no colleague may use, the address is the invited one whatever ``email`` says. Raises ``TooMany``,
    and ``Gone`` for an invitation that has ended.
    """
    throttles.hit(FROM_ADDRESS, actor.ip or "unknown")
    if invitation is not None:
        if not invitation.is_open:
            raise Gone(code=invitation.state)
        email = email if invitation.colleague_allowed else invitation.email
    throttles.hit(TO_ADDRESS, email.strip().lower())
    with transaction.atomic():
        request = JoinRequest.objects.create(
            first_name=first_name,
            last_name=last_name,
            email=email.strip().lower(),
            phone=phone,
            message=message,
            invitation=invitation,
            language=language or settings.LANGUAGE_CODE,
            expires_at=timezone.now() + settings.JOIN_CONFIRMATION_LIFETIME,
        )
        audit.record(actor, "orgs.joinrequest.start", request)
        _mail_confirmation(request)


def status_link(request: JoinRequest) -> outbox.Link:
    """A link to the request's own page, for a mail to whoever made it."""
    return outbox.Link("orgs:join-status", token=tokens.issue(LINK, request.id, lifetime=LINK_LIFETIME))


def confirm(actor: Actor, request: JoinRequest) -> JoinRequest:
    """The link was opened and the button pressed, so the address is theirs. Twice is as good as once.

    Raises ``Gone`` when its time is over, and ``Conflict`` when it was withdrawn or decided.
    """
    with transaction.atomic():
        locked = locks.join_request(request.pk)
        if locked.state in {JoinRequestState.CONFIRMED, JoinRequestState.REQUESTED}:
            return locked
        _refuse_ended(locked)
        now = timezone.now()
        expires_at = now + settings.JOIN_REQUEST_LIFETIME
        return states.advance(locked, "confirm", actor=actor, confirmed_at=now, expires_at=expires_at)


def suggestions(request: JoinRequest) -> QuerySet[Organization]:
    """Active organisations that have the domain of the confirmed address; none before, none for free mail services."""
    if request.confirmed_at is None:
        return Organization.objects.none()
    return queries.organizations_of_address(request.email)


def ask(actor: Actor, request: JoinRequest, *, suggested: str = "", organization_id: str = "") -> JoinRequest:
    """Ask the Organization Administrators of an organisation: one of ``suggestions`` by its key, else a typed ID.

    Raises ``Invalid`` with ``fields["organization_id"]`` or ``fields["suggested"]``, ``TooMany`` for too many IDs typed,
    ``Gone`` when its time is over, and ``Conflict`` when it has gone on meanwhile.
    """
    organization = _typed(actor, request, organization_id) if organization_id.strip() else _chosen(request, suggested)
    with transaction.atomic():
        # The organisation's row makes two requests of one person wait in line, so that the second is told.
        locks.organization(organization.pk)
        locked = locks.join_request(request.pk)
        _refuse_ended(locked)
        _refuse_member(locked, organization)
        _refuse_twin(locked, organization)
        now = timezone.now()
        states.advance(
            locked,
            "request",
            actor=actor,
            organization=organization,
            requested_at=now,
            expires_at=now + settings.JOIN_REQUEST_LIFETIME,
        )
        tell_administrators(locked)
    return locked


def withdraw(actor: Actor, request: JoinRequest) -> JoinRequest:
    """Take it back, before or after an organisation was asked. Raises ``Conflict`` once it was decided or has ended."""
    with transaction.atomic():
        return states.advance(locks.join_request(request.pk), "withdraw", actor=actor, decided_at=timezone.now())


def tell_administrators(request: JoinRequest, *, again: bool = False) -> None:
    """Mail every Organization Administrator who wants to hear of it; ``again`` makes it a reminder. Needs a transaction."""
    if request.organization is None:
        return
    for administrator in queries.administrators(request.organization, Role.OA):
        if not notifications.wants(administrator.user, JOIN_REQUESTS):
            continue
        outbox.enqueue(
            "orgs/mail/join_requested",
            to=administrator.user.email,
            language=administrator.user.language,
            context={
                "first_name": administrator.user.first_name,
                "person": request.full_name,
                "email": request.email,
                "company": request.organization.legal_name,
                "message": request.message,
                "expires": in_words(request.expires_at),
                "waiting_since": in_words(request.requested_at) if again else "",
            },
            links={"request": outbox.Link("orgs:join-request", kwargs={"pk": str(request.pk)})},
            organization_id=request.organization_id,
            about=request.id,
        )


def _mail_confirmation(request: JoinRequest) -> None:
    """One mail either way, with the same links, so that both take the same time."""
    user = people_queries.user_by_email(request.email)
    known = user is not None and user.state != UserState.CLOSED
    outbox.enqueue(
        "orgs/mail/join_known" if known else "orgs/mail/join_confirm",
        to=request.email,
        language=request.language,
        context={"expires": in_words(request.expires_at)},
        links={
            "join": status_link(request),
            "sign_in": outbox.Link("accounts:sign-in"),
            "forgot_user_id": outbox.Link("accounts:forgot-user-id"),
        },
        about=request.id,
    )


def _typed(actor: Actor, request: JoinRequest, typed: str) -> Organization:
    throttles.hit(TYPED_FROM, actor.ip or "unknown")
    throttles.hit(TYPED_FOR, str(request.pk))
    meant = organization_id_in(typed)
    found = Organization.objects.filter(organization_id=meant, state=OrganizationState.ACTIVE).first()
    if found is None:
        raise Invalid(fields={"organization_id": NO_SUCH_ID})
    return found


def _chosen(request: JoinRequest, suggested: str) -> Organization:
    found = next((entry for entry in suggestions(request) if str(entry.pk) == suggested), None)
    if found is None:
        raise Invalid(fields={"suggested": CHOOSE})
    return found


def _refuse_ended(request: JoinRequest) -> None:
    if request.state == JoinRequestState.EXPIRED or (
        request.state in {JoinRequestState.UNCONFIRMED, JoinRequestState.CONFIRMED} and not request.is_live
    ):
        raise Gone(ENDED, code="expired")


def _refuse_member(request: JoinRequest, organization: Organization) -> None:
    """Said to whoever has shown that the address is theirs: it is their own account."""
    if Membership.objects.filter(user__email=request.email, organization=organization).exists():
        raise Invalid(
            f"You are a user of {organization} already. Sign in; if you cannot, ask one of its Organization Administrators."
        )


def _refuse_twin(request: JoinRequest, organization: Organization) -> None:
    waiting = JoinRequest.objects.filter(
        organization=organization, email=request.email, state=JoinRequestState.REQUESTED
    )
    if waiting.exists():
        raise Conflict(f"You have asked {organization} already, and they have not decided yet.")
