"""The mails that carry the link of an invitation, and who hears of what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from accounts import notifications
from accounts.models import User, UserState
from core import outbox
from core.models import Mail, Token
from orgs import queries
from orgs.dates import in_words
from orgs.models import Invitation, Membership, Role
from orgs.notifications import INVITATIONS

LINK = "invitation"
INVITATION, REMINDER = "orgs/mail/invitation", "orgs/mail/invitation_reminder"
# The messages that go to the invited address: those that say by coming back that nobody reads there.
TO_THE_INVITED = (INVITATION, REMINDER)


def letter(
    template: str, invitation: Invitation, token: Token, *, applications: Sequence[str], expires: str = ""
) -> Mail:
    """``template`` to the invited address, with the link that ``token`` opens; in no outbox yet.

    ``expires`` is when the link ends in words, where many end at the same moment.
    """
    inviter = invitation.inviter
    return outbox.letter(
        template,
        to=invitation.email,
        context={
            "organization": invitation.inviting_company,
            "inviter": inviter.full_name,
            "inviter_email": inviter.email,
            "first_name": invitation.first_name,
            "company": invitation.company_name,
            "message": invitation.message,
            "applications": list(applications),
            "colleague_allowed": invitation.colleague_allowed,
            "expires": expires or in_words(invitation.expires_at),
        },
        links={"register": outbox.Link("orgs:invitation", token=token)},
        organization_id=invitation.organization_id,
        language=invitation.language,
        about=invitation.id,
    )


def send(template: str, invitation: Invitation, token: Token) -> None:
    """Queue ``template`` to the invited address."""
    names = [application.name for application in invitation.applications.all()]
    outbox.post(letter(template, invitation, token, applications=names))


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody on the inviting side, and the page on which they look after the invitation."""

    user: User
    page: outbox.Link


def readers(invitation: Invitation) -> list[Reader]:
    """Who sent it, while they can still act; else those who can in their place, and operator staff at last."""
    if invitation.invited_by_id is None:
        staff = queries.operator_staff()
        sender = [user for user in staff if user.pk == invitation.invited_by_staff_id]
        return _staff(invitation, sender or staff)
    inviter = queries.active_members().filter(pk=invitation.invited_by_id).select_related("user").first()
    if inviter and inviter.user.state == UserState.ACTIVE:
        return [_member(invitation, inviter)]
    administrators = queries.administrators(invitation.organization, Role.OA) if invitation.organization else []
    members = [_member(invitation, administrator) for administrator in administrators]
    return members or _staff(invitation, queries.operator_staff())


def tell(template: str, invitation: Invitation, **context: str | bool | list[str]) -> None:
    """Queue ``template`` to those ``readers`` of an invitation who want to hear of it."""
    for reader in readers(invitation):
        if not notifications.wants(reader.user, INVITATIONS):
            continue
        outbox.enqueue(
            template,
            to=reader.user.email,
            language=reader.user.language,
            context={
                "first_name": reader.user.first_name,
                "company": invitation.company_name,
                "email": invitation.email,
                **context,
            },
            links={"invitation": reader.page},
            organization_id=invitation.organization_id,
            about=invitation.id,
        )


def _member(invitation: Invitation, membership: Membership) -> Reader:
    return Reader(membership.user, outbox.Link("orgs:invitation-page", kwargs={"pk": str(invitation.pk)}))


def _staff(invitation: Invitation, staff: Iterable[User]) -> list[Reader]:
    page = outbox.Link("admin:orgs_invitation_change", kwargs={"object_id": str(invitation.pk)})
    return [Reader(user, page) for user in staff]
