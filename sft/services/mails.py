"""The mails of this room: who is told what, and where its button leads. Called inside the deciding transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from accounts import notifications
from accounts.models import User, UserState
from core import outbox
from core.models import Mail
from core.outbox import Link
from orgs.models import Membership
from sft.models import AccessGrant, Package, PackageFile, Recipient, Subscription
from sft.notifications import ACCESS_REQUESTS, PACKAGES
from sft.queries import file_names
from transfers.models import Upload

NAMES_IN_A_MAIL = 10
FILES_AT_MOST_EVERY = timedelta(hours=1)
HOME = Link("sft:home")


def subscribed(subscription: Subscription, administrator: Membership) -> None:
    """To an administrator: your organisation is subscribed, and these are the next steps."""
    _to_member(
        "subscribed",
        administrator,
        context={
            "application": subscription.application.name,
            "organization": subscription.organization.legal_name,
            "is_new_user": administrator.user.state != UserState.ACTIVE,
        },
        links={"home": HOME, "first_login": Link("accounts:first-time-login")},
    )


def subscription_requested(subscription: Subscription, *, by: User, to: Iterable[str]) -> None:
    """To operator staff: an organisation asks for a subscription."""
    for address in to:
        outbox.enqueue(
            "sft/mail/subscription_requested",
            to=address,
            context={
                "application": subscription.application.name,
                "organization": subscription.organization.legal_name,
                "organization_id": subscription.organization.organization_id,
                "person": by.full_name,
                "person_email": by.email,
            },
            links={"subscription": Link("admin:sft_subscription_change", {"object_id": str(subscription.pk)})},
        )


def subscription_denied(subscription: Subscription, administrator: Membership) -> None:
    """To an administrator: the operator said no, and why."""
    _to_member(
        "subscription_denied",
        administrator,
        context={"application": subscription.application.name, "reason": subscription.refusal_reason},
        links={"home": HOME},
    )


def access_requested(grant: AccessGrant, administrator: Membership) -> None:
    """To an Application Administrator: somebody waits for you."""
    if not notifications.wants(administrator.user, ACCESS_REQUESTS):
        return
    _to_member(
        "access_requested",
        administrator,
        context={
            "application": grant.application.name,
            "person": grant.membership.user.full_name,
            "person_email": grant.membership.user.email,
        },
        links={"requests": Link("sft:access-requests")},
    )


def access_granted(grant: AccessGrant) -> None:
    _about_access("access_granted", grant)


def access_denied(grant: AccessGrant) -> None:
    _about_access("access_denied", grant)


def access_suspended(grant: AccessGrant) -> None:
    _about_access("access_suspended", grant)


def access_restored(grant: AccessGrant) -> None:
    _about_access("access_restored", grant)


def package_received(package: Package, recipient: Recipient, *, files: list[PackageFile]) -> None:
    """To a recipient: a package waits for you."""
    if not notifications.wants(recipient.membership.user, PACKAGES):
        return
    names = file_names(files)
    _to_member(
        "package_received",
        recipient.membership,
        context={
            "title": package.title,
            "note": package.note,
            "sender": package.sender.user.full_name,
            "sender_email": package.sender.user.email,
            "organization": package.organization.legal_name,
            "file_names": names[:NAMES_IN_A_MAIL],
            "more_files": max(0, len(names) - NAMES_IN_A_MAIL),
            "file_count": len(names),
            "total_size": sum(file.size or 0 for file in files),
        },
        links={"package": _package(package)},
    )


def package_failed(package: Package) -> None:
    """To the sender: it was not delivered, and what to do."""
    _to_member(
        "package_failed",
        package.sender,
        context={"title": package.title, "reason": package.failure},
        links={"package": _package(package)},
    )


def file_quarantined(upload: Upload, package: Package | None) -> None:
    """To its sender: a file is being held, and its package with it. Once an hour for one package, whose page lists them."""
    if package is not None and _was_told_lately("file_quarantined", package):
        return
    _about_file("file_quarantined", upload, package, finding=upload.scan_finding)


def file_released(upload: Upload, package: Package | None) -> None:
    """To its sender: the operator's staff have let the file through."""
    _about_file("file_released", upload, package)


def file_condemned(upload: Upload, package: Package | None) -> None:
    """To its sender: the file was deleted, nobody has it."""
    _about_file("file_condemned", upload, package, reason=upload.reason)


def _about_file(template: str, upload: Upload, package: Package | None, **words: str) -> None:
    owner = upload.owner
    outbox.enqueue(
        f"sft/mail/{template}",
        to=owner.email,
        context={"name": owner.first_name, "file": upload.name, "title": package.name if package else "", **words},
        links={"where": _package(package) if package else HOME},
        organization_id=package.organization_id if package else None,
        language=owner.language,
        about=package.pk if package else None,
    )


def _was_told_lately(template: str, package: Package) -> bool:
    since = timezone.now() - FILES_AT_MOST_EVERY
    return Mail.objects.filter(template=f"sft/mail/{template}", about=package.pk, created_at__gt=since).exists()


def _about_access(template: str, grant: AccessGrant) -> None:
    by = grant.decided_by
    _to_member(
        template,
        grant.membership,
        context={
            "application": grant.application.name,
            "reason": grant.refusal_reason,
            "decided_by": by.user.full_name if by else "",
            "decided_by_email": by.user.email if by else "",
        },
        links={"home": HOME},
    )


def _to_member(template: str, member: Membership, *, context: dict[str, object], links: dict[str, Link]) -> None:
    outbox.enqueue(
        f"sft/mail/{template}",
        to=member.user.email,
        context={"name": member.user.first_name, **context},
        links=links,
        organization_id=member.organization_id,
        language=member.user.language,
    )


def _package(package: Package) -> Link:
    return Link("sft:package", {"pk": str(package.pk)})
