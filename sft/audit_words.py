"""Events of applications and packages in words. How packages and files are called is their people's only."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.utils.translation import gettext_lazy as _

from core.audit import words
from sft.models import AccessGrant, Subscription

words.say(
    "applications",
    _("Applications and access"),
    {
        "sft.application.open": _("Opening an application"),
        "sft.subscription.request": _("Subscription asked for"),
        "sft.subscription.activate": _("Subscription activated"),
        "sft.subscription.deny": _("Subscription denied"),
        "sft.subscription.suspend": _("Subscription suspended"),
        "sft.subscription.reactivate": _("Subscription reactivated"),
        "sft.subscription.limit": _("Room for files changed"),
        "sft.subscription.end": _("Subscription ended"),
        "sft.accessgrant.request": _("Access asked for"),
        "sft.accessgrant.pass_to_owner": _("Access passed to the Application Owner"),
        "sft.accessgrant.approve": _("Access approved"),
        "sft.accessgrant.grant": _("Access granted"),
        "sft.accessgrant.deny": _("Access denied"),
        "sft.accessgrant.suspend": _("Access suspended"),
        "sft.accessgrant.unsuspend": _("Suspension of access lifted"),
        "sft.accessgrant.expire": _("Access ended by time"),
    },
    order=65,
)
words.say(
    "transfers",
    _("Packages and files"),
    {
        "sft.package.start": _("Package begun"),
        "sft.package.discard": _("Draft of a package discarded"),
        "sft.package.send": _("Package sent"),
        "sft.package.process": _("Package in processing"),
        "sft.package.deliver": _("Package delivered"),
        "sft.package.fail": _("Package failed"),
        "sft.package.withdraw": _("Package withdrawn"),
        "sft.package.expire": _("Package ended by time"),
        "sft.package.purge": _("Package purged"),
        "sft.package.fetch": _("Download of files as one archive begun"),
        "sft.recipient.notify": _("Recipient told"),
        "sft.recipient.open": _("Package opened"),
        "sft.recipient.download": _("Package downloaded"),
        "sft.file.download": _("Download of a file begun"),
        "sft.file.downloaded": _("File downloaded"),
    },
    order=75,
)


def _subscriptions(keys: Collection[str]) -> Mapping[str, str]:
    rows = Subscription.objects.select_related("organization", "application").filter(pk__in=keys)
    return {str(row.pk): str(row) for row in rows}


def _grants(keys: Collection[str]) -> Mapping[str, str]:
    rows = AccessGrant.objects.select_related("membership__user", "application").filter(pk__in=keys)
    return {str(row.pk): f"{row.membership.user} · {row.application}" for row in rows}


words.name("sft.Subscription", _subscriptions)
words.name("sft.AccessGrant", _grants)
