"""Events of the ground floor in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.utils.translation import gettext_lazy as _

from core.audit import words
from core.models import Mail, Suppression

words.say(
    "access",
    _("Refusals"),
    {"core.request.refuse": _("Something that the role does not include")},
    order=30,
)
words.say(
    "audit",
    _("Audit trail"),
    {"core.audit.export": _("Audit trail exported"), "core.audit.check": _("Check of the audit trail asked for")},
    order=90,
)
words.say(
    "mail",
    _("Mail"),
    {
        "core.mail.bounce": _("Mail came back"),
        "core.mail.resend": _("Mail queued again"),
        "core.mail.let_go": _("Mail given up"),
        "core.suppression.add": _("Address put on the suppression list"),
        "core.suppression.lift": _("Address taken off the suppression list"),
    },
    order=80,
)


def _mails(keys: Collection[str]) -> Mapping[str, str]:
    return {str(pk): to for pk, to in Mail.objects.filter(pk__in=keys).values_list("pk", "to")}


def _suppressions(keys: Collection[str]) -> Mapping[str, str]:
    return {str(pk): address for pk, address in Suppression.objects.filter(pk__in=keys).values_list("pk", "address")}


words.name("core.Mail", _mails)
words.name("core.Suppression", _suppressions)
