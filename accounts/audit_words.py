"""Events of people's accounts in words, and who is meant by a User ID, an address or a name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.audit import words

MOST_MEANT = 50

words.say(
    "sign-in",
    _("Signing in and sessions"),
    {
        "accounts.session.begin": _("Sign-in"),
        "accounts.session.end": _("Sign-out"),
        "accounts.session.end_one": _("Session ended"),
        "accounts.session.end_all": _("Sessions ended"),
        "accounts.session.confirm": _("Confirmed who they are"),
        "accounts.sign_in.lock": _("Sign-in has to wait after wrong tries"),
        "accounts.sign_in.unlock": _("Sign-in opened again"),
        "accounts.device.disown": _("Sign-in disowned: “this was not me”"),
        "accounts.device.forget": _("Browser forgotten"),
        "accounts.notice.accept": _("Notice or terms accepted"),
        "accounts.user_id.remind": _("User ID asked for by mail"),
        "accounts.contacts.ask": _("Administrators’ names asked for by mail"),
    },
    order=10,
)
words.say(
    "secrets",
    _("Passwords, second factors and access tokens"),
    {
        "accounts.one_time_password.lost": _("New One-Time Password asked for"),
        "accounts.one_time_password.issue": _("One-Time Password issued"),
        "accounts.one_time_password.try": _("Try with a One-Time Password"),
        "accounts.one_time_password.use": _("One-Time Password used up"),
        "accounts.one_time_password.expire": _("One-Time Password expired"),
        "accounts.one_time_password.exhaust": _("One-Time Password ended by wrong tries"),
        "accounts.password.switch_off": _("Password switched off after wrong tries"),
        "accounts.password.set": _("Own password chosen"),
        "accounts.password.change": _("Password change"),
        "accounts.password.reset": _("Password reset"),
        "accounts.password.request_reset": _("Password reset asked for"),
        "accounts.factor.add": _("Second factor added"),
        "accounts.factor.rename": _("Second factor renamed"),
        "accounts.factor.remove": _("Second factor removed"),
        "accounts.factor.remove_all": _("All second factors removed"),
        "accounts.factor.postpone": _("Second factor put off"),
        "accounts.factor.try": _("Try with a second factor"),
        "accounts.recovery_codes.issue": _("Recovery codes drawn"),
        "accounts.recovery_code.use": _("Recovery code used up"),
        "accounts.access_token.create": _("Access token made"),
        "accounts.access_token.revoke": _("Access token revoked"),
        "accounts.access_token.revoke_all": _("Access tokens ended"),
        "accounts.factorreset.ask": _("Reset of second factors asked for"),
        "accounts.factorreset.vouch": _("Identity vouched for"),
        "accounts.factorreset.complete": _("Second factors reset"),
        "accounts.factorreset.deny": _("Reset of second factors denied"),
        "accounts.factorreset.withdraw": _("Reset of second factors withdrawn"),
        "accounts.factorreset.expire": _("Reset of second factors ended by time"),
    },
    order=20,
)
words.say(
    "people",
    _("Users and roles"),
    {
        "accounts.user.create": _("Account made"),
        "accounts.user.start_first_login": _("First-Time Login begun"),
        "accounts.user.complete_first_login": _("First-Time Login completed"),
        "accounts.user.suspend": _("Account suspended"),
        "accounts.user.unsuspend": _("Suspension of the account lifted"),
        "accounts.user.readmit": _("Account let in again"),
        "accounts.user.reissue": _("Account back to First-Time Login"),
        "accounts.user.close": _("Account closed"),
        "accounts.user.correct_name": _("Name corrected"),
        "accounts.user.change_phone": _("Phone number changed"),
        "accounts.user.set_preferences": _("Language or time zone chosen"),
        "accounts.user.choose_notifications": _("Notifications chosen"),
        "accounts.email.ask": _("New e-mail address asked for"),
        "accounts.email.change": _("E-mail address changed"),
        "accounts.email.stop": _("Change of the e-mail address stopped"),
    },
    order=40,
)
words.say(
    "settings",
    _("Rules and settings"),
    {
        "accounts.notice.publish": _("Version of a notice or of the terms published"),
        "accounts.field_keys.rotate": _("Secrets sealed with the newest key"),
    },
    order=55,
)


def _people(keys: Collection[str]) -> Mapping[str, str]:
    return {str(person.pk): str(person) for person in User.objects.filter(pk__in=keys)}


def _meant(word: str) -> Collection[UUID]:
    """Whoever has this User ID or address, or these names."""
    first, _space, last = word.partition(" ")
    names = Q(first_name__iexact=first, last_name__iexact=last) if last else Q(last_name__iexact=word)
    people = User.objects.filter(Q(user_id__iexact=word) | Q(email__iexact=word) | names)
    return list(people.values_list("pk", flat=True)[:MOST_MEANT])


words.name("accounts.User", _people)
words.find(_meant)
