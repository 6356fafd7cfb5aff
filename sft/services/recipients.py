"""Recipients: each one is checked as it is added, and again when the package is sent."""

from __future__ import annotations

from email.utils import parseaddr
from uuid import UUID

from django.db import transaction
from django.db.models import Q

import orgs.queries
from accounts.models import User
from core.actor import Actor
from core.errors import Invalid
from orgs.models import Membership
from sft import policies, queries
from sft.models import Package, Recipient
from sft.services import drafts

FIELD = "recipient"
UNKNOWN = (
    "Nobody in your organisation or a partner organisation has this address or User ID. Check the spelling; "
    "a company that is not here yet has to be invited to collaborate first."
)


@transaction.atomic
def add(actor: Actor, *, package: Package, who: str) -> Recipient:
    """Address a draft to one more member: by e-mail address, by User ID, or by the id of a suggestion.

    Raises ``Invalid`` for the field ``recipient`` with the reason: unknown, not able to open the application, oneself, there
    already, too many. Raises ``Conflict`` when the package has been sent.
    """
    draft = drafts.editable(actor, package)
    member = _member(actor, who)
    if draft.recipients.count() >= policies.RECIPIENTS_PER_PACKAGE:
        raise _refusal(f"A package can have {policies.RECIPIENTS_PER_PACKAGE} recipients at most.")
    recipient, is_new = Recipient.objects.get_or_create(package=draft, membership=member)
    if not is_new:
        raise _refusal(f"{member.user.full_name} is a recipient already.")
    return recipient


@transaction.atomic
def remove(actor: Actor, *, recipient: Recipient) -> None:
    """Take a recipient off a draft. Raises ``Conflict`` when the package has been sent."""
    drafts.editable(actor, recipient.package)
    recipient.delete()


def check_all(actor: Actor, draft: Package) -> None:
    """Raise ``Invalid`` unless there is a recipient and every one can still open the application."""
    members = [recipient.membership for recipient in queries.recipients_of(draft)]
    if not members:
        raise _refusal("Add at least one recipient.")
    possible = set(queries.possible_recipients(actor).filter(pk__in=[member.pk for member in members]))
    for member in members:
        decision = policies.can_receive(member, possible)
        if not decision:
            raise _refusal(f"{decision.reason} Remove this recipient, or send again once they can.")


def _member(actor: Actor, who: str) -> Membership:
    named = _named(who)
    if named is None:
        raise _refusal("Type an e-mail address or a User ID, or pick somebody from the suggestions.")
    possible = queries.possible_recipients(actor).filter(named).first()
    if possible is not None:
        return possible
    contact = orgs.queries.contacts(actor).filter(named).first()
    if contact is not None:
        reason = policies.can_receive(contact, ()).reason
        raise _refusal(f"{reason} They can request access on their Home tab.")
    raise _refusal("You are the sender. Choose somebody else." if _is_oneself(actor, who) else UNKNOWN)


def _named(who: str) -> Q | None:
    """What was typed or picked, as a condition on memberships; nothing where it names nobody at all."""
    text = _bare(who)
    if not text:
        return None
    try:
        return Q(pk=UUID(text))
    except ValueError:
        return Q(user__email__iexact=text) if "@" in text else Q(user__user_id__iexact=text)


def _bare(who: str) -> str:
    """``Jane Doe <jane@example.com>``, as mail programs copy it, is ``jane@example.com``."""
    text = who.strip().strip(",;").strip()
    return parseaddr(text)[1] or text if "<" in text else text


def _is_oneself(actor: Actor, who: str) -> bool:
    text = _bare(who)
    return User.objects.filter(
        Q(email__iexact=text) | Q(user_id__iexact=text), pk=actor.user_id or queries.NOBODY
    ).exists()


def _refusal(sentence: str) -> Invalid:
    return Invalid(sentence, fields={FIELD: sentence})
