"""What stands in the way of inviting an address: an open invitation, being a member, or that nothing is mailed to it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from core import states
from core.actor import Actor
from core.errors import Conflict, Invalid
from core.models import Suppression
from orgs import policies, queries
from orgs.models import OPEN_STATES, Invitation, Registration
from orgs.services import locks

CLOCK = Actor.system("expiry of invitations")
OPEN_TWIN = "There is an open invitation to this address already. Extend or resend that one instead."
SHUT_OUT = "The inviting organisation is not active, so nothing is sent in its name."
REGISTERING = "A registration from this address is under review at the operator. Its invitation still stands."
OWN_MEMBER = "This person belongs to your organisation already."
NO_MAIL = (
    "The gateway sends no mail to this address: earlier mail came back, or its owner asked for none. Check the address, or "
    "ask the operator’s support."
)


def of(invitation: Invitation) -> str:
    """Why its address cannot be invited now, whether it is new or to be resent; empty where nothing stands in the way."""
    if not invitation.is_inviter_active:
        return SHUT_OUT
    return of_addresses(invitation.organization_id, [invitation.email], besides=invitation).get(invitation.email, "")


def of_addresses(
    organization_id: UUID | None, emails: Collection[str], *, besides: Invitation | None = None
) -> Mapping[str, str]:
    """The sentence by address, for those of ``emails`` (in lower case) that cannot be invited by this organisation."""
    found: dict[str, str] = {}
    for address in Suppression.objects.filter(address__in=emails).values_list("address", flat=True):
        found[address] = NO_MAIL
    if organization_id is not None:
        own = queries.active_members().filter(organization_id=organization_id)
        addresses = own.annotate(address=Lower("user__email")).filter(address__in=emails)
        found |= dict.fromkeys(addresses.values_list("address", flat=True), OWN_MEMBER)
    for twin in _open(organization_id, emails):
        if besides is None or twin.pk != besides.pk:
            found[twin.email] = OPEN_TWIN if twin.is_open else REGISTERING
    return found


def end_lapsed(organization_id: UUID | None, emails: Collection[str]) -> None:
    """Write ``expired`` on invitations to these addresses whose time is over, so that they are in nobody's way.

    Needs a transaction. Those with a registration under review stay as they are.
    """
    lapsed = _open(organization_id, emails).filter(expires_at__lte=timezone.now())
    lapsed = lapsed.exclude(registrations__state__in=policies.UNDER_REVIEW)
    for key in lapsed.order_by("pk").values_list("pk", flat=True):
        locked = locks.invitation(key)
        if locked.has_lapsed and not is_under_review(locked):
            states.advance(locked, "expire", actor=CLOCK)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Where two are written at the same moment, the database keeps one; the other is told as if it had come later."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as clash:
        diagnosis = getattr(clash.__cause__, "diag", None)
        if getattr(diagnosis, "constraint_name", "") != "invitation_open_once":
            raise
        raise Invalid(fields={"email": OPEN_TWIN}) from clash


def refuse_submitted(invitation: Invitation) -> None:
    """Raise ``Conflict`` while the operator has the registration made with this invitation."""
    if is_under_review(invitation):
        raise Conflict(
            f"{invitation.company_name} has already submitted its registration, and the operator is reviewing it."
        )


def is_under_review(invitation: Invitation) -> bool:
    return Registration.objects.filter(invitation=invitation, state__in=policies.UNDER_REVIEW).exists()


def _open(organization_id: UUID | None, emails: Collection[str]) -> QuerySet[Invitation]:
    rows = Invitation.objects.select_related("organization").filter(email__in=emails, state__in=OPEN_STATES)
    if organization_id is None:
        return rows.filter(organization__isnull=True)
    return rows.filter(organization_id=organization_id)
