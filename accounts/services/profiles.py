"""What people change about themselves. Names and User IDs are not among it: an administrator answers for those."""

from __future__ import annotations

from collections.abc import Collection
from zoneinfo import available_timezones

import phonenumbers
from django.conf import settings
from django.db import transaction
from phonenumber_field.phonenumber import PhoneNumber

from accounts import notifications, policies
from accounts.models import User
from accounts.ports import guardians
from accounts.services import letters, people
from core import audit, outbox
from core.actor import Actor
from core.errors import Invalid

NO_PHONE_NUMBER = "This is no phone number. Enter it with the country’s code, such as +1 703 555 0100."
NO_TIME_ZONE = "The gateway knows no such time zone. Choose one from the list."
NO_LANGUAGE = "The gateway does not speak this language. Choose one from the list."


def change_phone(actor: Actor, *, user: User, phone: str) -> User:
    """Another phone number, or none; kept as it is written internationally. The owner is told by mail.

    Raises ``Invalid`` with ``fields["phone"]``. The same number again changes nothing.
    """
    policies.can_edit(actor, user).enforce()
    number = _international(phone) if phone.strip() else ""
    if number == user.phone:
        return user
    user.phone = number
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(phone=number)
        audit.record(actor, "accounts.user.change_phone", user, data={"is_given": bool(number)})
        letters.tell(
            "phone_changed", user, phone=number, links={"forgot_password": outbox.Link("accounts:forgot-password")}
        )
    return user


def set_preferences(actor: Actor, *, user: User, language: str, time_zone: str) -> User:
    """How the gateway speaks to ``user``, and by which clock. Raises ``Invalid`` beside either field."""
    policies.can_edit(actor, user).enforce()
    if language not in dict(settings.LANGUAGES):
        raise Invalid(fields={"language": NO_LANGUAGE})
    if time_zone not in available_timezones():
        raise Invalid(fields={"time_zone": NO_TIME_ZONE})
    user.language, user.time_zone = language, time_zone
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(language=language, time_zone=time_zone)
        data = {"language": language, "time_zone": time_zone}
        audit.record(actor, "accounts.user.set_preferences", user, data=data)
    return user


def choose_notifications(actor: Actor, *, user: User, wanted: Collection[str]) -> User:
    """Send of the kinds that are offered to ``actor`` only those ``wanted``. What is not offered stays as it was."""
    policies.can_edit(actor, user).enforce()
    offered = {kind.code for kind in notifications.offered_to(actor)}
    muted = sorted(set(user.muted_notices) - offered | offered - set(wanted))
    user.muted_notices = muted
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(muted_notices=muted)
        audit.record(actor, "accounts.user.choose_notifications", user, data={"muted": muted})
    return user


def correct_name(actor: Actor, *, user: User, first_name: str, last_name: str) -> User:
    """Another spelling of a name, or a new one, by somebody who looks after ``user``; who is told by mail.

    The User ID stays. Raises ``NotAllowed``, and ``Invalid`` beside the field. The same name again changes nothing.
    """
    guardians().can_look_after(actor, user).enforce()
    before = user.full_name
    user.first_name, user.last_name = first_name, last_name
    people.clean(user)
    if user.full_name == before:
        return user
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(first_name=user.first_name, last_name=user.last_name)
        audit.record(actor, "accounts.user.correct_name", user, data={"from": before, "to": user.full_name})
        letters.tell("name_corrected", user, full_name=user.full_name, before=before)
    return user


def _international(phone: str) -> str:
    try:
        number = PhoneNumber.from_string(phone)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not number.is_valid():
        raise Invalid(fields={"phone": NO_PHONE_NUMBER})
    return str(number.as_international)
