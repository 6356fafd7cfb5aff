"""A new e-mail address: asked for by the owner, announced at the old one, confirmed from the new one.

The old address counts until the owner, signed in, opens the link that went to the new one; until then a link at the old one
stops it. Whether the new address belongs to somebody else already is said to its owner alone, by mail.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import policies, queries
from accounts.models import EmailChange, User, UserState
from accounts.ports import address_policy
from accounts.services import contacts, letters, limits
from core import audit, outbox, throttles, tokens
from core.actor import Actor
from core.errors import Gone, Invalid, NotFound
from core.models import Token

CONFIRM, STOP = "email-change", "email-change-stop"
SAME_AGAIN = "This is your address already. Enter the new one."
NO_ADDRESS = "This is no e-mail address. Enter one such as name@example.com."
TAKEN = "This address has come to belong to another MAG account meanwhile. Your old one stays; choose another new one."


def ask(actor: Actor, *, user: User, new_email: str) -> EmailChange:
    """Begin a change, in place of one that waits. A link goes to the new address, and word of it to the old one.

    Raises ``Invalid`` with ``fields["new_email"]``, and ``TooMany`` or ``Unavailable`` by the limits.
    """
    policies.can_edit(actor, user).enforce()
    address = _address(user, new_email)
    throttles.hit(limits.EMAIL_CHANGES, str(user.id))
    limits.ask_for_assistance(actor, address)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        _end_open(user)
        change = EmailChange.objects.create(
            user=user, new_email=address, expires_at=timezone.now() + settings.EMAIL_CHANGE_LIFETIME
        )
        audit.record(actor, "accounts.email.ask", user, data={"to": address})
        _mail_both(change)
    return change


def waiting(user: User) -> EmailChange | None:
    """The change of ``user`` that its link still completes."""
    change = _open(user)
    return change if change and tokens.live(CONFIRM, _binding(change, user)) else None


def opened(secret: str) -> UUID:
    """The id of the token in the link of the new address, for the session of whoever opened it to remember in its place.

    Raises ``NotFound`` or ``Gone``. Nothing is used up.
    """
    return tokens.find(CONFIRM, secret).id


def to_confirm(user: User, *, opened: UUID) -> EmailChange:
    """What ``user``, who has opened a link, completes with it. Raises ``NotFound`` also for somebody else's, and ``Gone``."""
    return _bearer(user, opened)[1]


def confirm(actor: Actor, *, user: User, opened: UUID) -> User:
    """Make the new address the one of ``user``. Both addresses are told.

    Raises as ``to_confirm`` does, and ``Gone`` with code ``taken`` when the address became somebody else's meanwhile.
    """
    policies.can_edit(actor, user).enforce()
    token, change = _bearer(user, opened)
    before = user.email
    with transaction.atomic():
        tokens.use_up(token)
        _end(change, "confirmed_at")
        _write(user, before, change.new_email)
        audit.record(actor, "accounts.email.change", user, data={"from": before, "to": change.new_email})
        _tell_both(user, before)
    return user


def to_stop(secret: str) -> EmailChange:
    """What the link of the old address stops. Raises ``NotFound`` or ``Gone``."""
    token = tokens.find(STOP, secret)
    change = EmailChange.objects.select_related("user").filter(pk=token.subject_id).first()
    if change is None or not _is_open(change):
        raise Gone(code="used")
    return change


def stop(actor: Actor, *, secret: str) -> EmailChange:
    """Leave the address as it is, by the link of the old one, whoever is signed in. Raises as ``to_stop`` does."""
    change = to_stop(secret)
    _cancel(actor, change, by="link")
    return change


def withdraw(actor: Actor, *, user: User) -> None:
    """The owner no longer wants the change that waits; without one this does nothing."""
    policies.can_edit(actor, user).enforce()
    change = _open(user)
    if change is not None:
        _cancel(actor, change, by="owner")


def _address(user: User, typed: str) -> str:
    address = typed.strip().lower()
    try:
        validate_email(address)
    except ValidationError as refusal:
        raise Invalid(fields={"new_email": NO_ADDRESS}) from refusal
    if address == user.email:
        raise Invalid(fields={"new_email": SAME_AGAIN})
    sentence = address_policy().refusal(address)
    if sentence:
        raise Invalid(fields={"new_email": sentence})
    return address


def _mail_both(change: EmailChange) -> None:
    """The same rows whoever owns the new address, so that the answer takes the same time."""
    user = change.user
    confirming = tokens.issue(CONFIRM, _binding(change, user), lifetime=settings.EMAIL_CHANGE_LIFETIME)
    stopping = tokens.issue(STOP, change.id, lifetime=settings.EMAIL_CHANGE_LIFETIME)
    owner = queries.user_by_email(change.new_email)
    if owner is None:
        link = outbox.Link("accounts:open-email-change", token=confirming)
        letters.tell("email_change_confirm", user, to=change.new_email, links={"confirm": link})
    else:
        letters.tell("email_change_known", owner, links={"help": outbox.Link("accounts:help-login")})
    stop_link = outbox.Link("accounts:stop-email-change", token=stopping)
    letters.tell("email_change_announced", user, new_email=change.new_email, links={"stop": stop_link})


def _tell_both(user: User, before: str) -> None:
    links = {"help": outbox.Link("accounts:help-login")}
    for address in (before, user.email):
        letters.tell(
            "email_changed", user, to=address, new_email=user.email, contacts=contacts.rows_for(user), links=links
        )


def _bearer(user: User, opened: UUID) -> tuple[Token, EmailChange]:
    token = Token.objects.filter(pk=opened, purpose=CONFIRM).first()
    change = _open(user)
    if token is None or change is None:
        raise NotFound
    if (ended := tokens.ended_because(token)) or not _is_open(change):
        raise Gone(code=ended or "expired")
    if not constant_time_compare(str(_binding(change, user)), str(token.subject_id)):
        raise NotFound
    return token, change


def _binding(change: EmailChange, user: User) -> UUID:
    """What a link completes: this change, while neither password nor address is another and no end of all sessions came."""
    bound = salted_hmac(CONFIRM, f"{change.id} {user.email} {user.get_session_auth_hash()}", algorithm="sha256")
    return UUID(bytes=bound.digest()[:16])


def _is_open(change: EmailChange) -> bool:
    is_open = change.confirmed_at is None and change.cancelled_at is None
    return is_open and change.expires_at > timezone.now() and change.user.state == UserState.ACTIVE


def _open(user: User) -> EmailChange | None:
    rows = EmailChange.objects.filter(user=user, confirmed_at__isnull=True, cancelled_at__isnull=True)
    return rows.select_related("user").first()


def _cancel(actor: Actor, change: EmailChange, *, by: str) -> None:
    with transaction.atomic():
        _end(change, "cancelled_at")
        tokens.revoke(STOP, change.id)
        audit.record(actor, "accounts.email.stop", change.user, data={"to": change.new_email, "by": by})


def _end_open(user: User) -> None:
    change = _open(user)
    if change is not None:
        _end(change, "cancelled_at")
        tokens.revoke(STOP, change.id)


def _end(change: EmailChange, moment: str) -> None:
    """Set ``confirmed_at`` or ``cancelled_at``, whichever comes first. Raises ``Gone`` for the second."""
    rows = EmailChange.objects.filter(pk=change.pk, confirmed_at__isnull=True, cancelled_at__isnull=True)
    if not rows.update(**{moment: timezone.now()}):
        raise Gone(code="used")


def _write(user: User, before: str, address: str) -> None:
    try:
        with transaction.atomic():
            written = User.objects.filter(pk=user.pk, email=before).update(email=address)
    except IntegrityError as clash:
        raise Gone(TAKEN, code="taken") from clash
    if not written:
        raise Gone(code="used")
    user.email = address
