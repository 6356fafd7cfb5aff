"""Quotas: what the files of one person, and of one organisation, may come to together.

A subscription may have limits of its own; where it has none those of the settings hold. 0 is no limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from core import audit
from core.actor import Actor
from core.policies import ALLOWED, Decision, refused
from core.templatetags.ui import size as readable
from orgs.catalogue import SFT
from orgs.models import Membership
from sft import policies
from sft.models import Package, Subscription
from transfers.models import Concat, Part, Piece, TusSource, Upload
from transfers.models.upload import ENDED


@dataclass(frozen=True, slots=True)
class Limits:
    """In bytes; 0 where there is none."""

    organization: int
    user: int

    @classmethod
    def of(cls, subscription: Subscription | None) -> Limits:
        of_organization = subscription.organization_quota_bytes if subscription else None
        of_user = subscription.user_quota_bytes if subscription else None
        return cls(
            settings.UPLOAD_QUOTA_PER_ORGANIZATION_BYTES if of_organization is None else of_organization,
            settings.UPLOAD_QUOTA_PER_USER_BYTES if of_user is None else of_user,
        )


@dataclass(frozen=True, slots=True)
class Usage:
    """What is used of a limit, for people to see."""

    used: int
    limit: int

    @property
    def is_short(self) -> bool:
        """Whether less than a tenth is left."""
        return self.used > self.limit * 0.9


def room_for(
    member: Membership, subscription: Subscription | None, *, size: int, upload: Upload | None = None
) -> Decision:
    """Whether ``size`` bytes of ``member`` find room; ``upload`` is the one that they belong to, and is counted once.

    Needs a transaction: who asks at the same moment waits until this one has ended, so that a last place is given once.
    """
    limits = Limits.of(subscription)
    if limits.organization:
        _one_at_a_time(member.organization_id)
        used = used_by_organization(member.organization_id, but=upload)
        if used + size > limits.organization:
            return _full("The files of your organisation", used, size, limits.organization, ASK_OPERATOR)
    if limits.user:
        _one_at_a_time(member.user_id)
        used = _total(_living().filter(owner=member.user_id), but=upload)
        if used + size > limits.user:
            return _full("Your files", used, size, limits.user, ASK_ADMINISTRATOR)
    return ALLOWED


def usage_of(actor: Actor) -> Usage | None:
    """What the actor's organisation has used of its limit; nothing where it has none. Five questions to the database."""
    if actor.organization_id is None:
        return None
    subscription = Subscription.objects.filter(organization=actor.organization_id, application__code=SFT).first()
    limit = Limits.of(subscription).organization
    return Usage(used_by_organization(actor.organization_id), limit) if limit else None


def used_by_organization(organization_id: UUID, *, but: Upload | None = None) -> int:
    """The bytes of its packages' files, and of those its members keep for nothing in particular."""
    packages = Package.objects.filter(organization=organization_id).values("pk")
    members = Membership.objects.filter(organization=organization_id).values("user")
    of_packages = _living().filter(subject__in=packages)
    loose = _living().filter(subject=None, owner__in=members)
    return _total(of_packages, but=but) + _total(loose, but=but)


@transaction.atomic
def set_limits(actor: Actor, *, subscription: Subscription, organization: int | None, user: int | None) -> Subscription:
    """Give a subscription limits of its own, in bytes; ``None`` lets the gateway's hold. For the operator's staff.

    What is stored beyond a limit stays; nothing is added before there is room.
    """
    policies.can_decide_subscriptions(actor).enforce()
    subscription.organization_quota_bytes, subscription.user_quota_bytes = organization, user
    subscription.save(update_fields=["organization_quota_bytes", "user_quota_bytes"])
    audit.record(
        actor,
        "sft.subscription.limit",
        subscription,
        data={"organization": organization, "user": user},
        organization_id=subscription.organization_id,
    )
    return subscription


ASK_OPERATOR = (
    "Remove drafts and files that are no longer needed, or have your administrator ask the operator for more room."
)
ASK_ADMINISTRATOR = "Remove drafts and files that you no longer need, or ask your administrator for more room."


def _full(whose: str, used: int, size: int, limit: int, what_to_do: str) -> Decision:
    needs = f"this one needs {readable(size)}" if size else "there is no room for more"
    return refused(f"{whose} take {readable(used)} of {readable(limit)}, and {needs}. {what_to_do}")


def _living() -> QuerySet[Upload]:
    """What takes room: every upload that has not ended."""
    return Upload.objects.exclude(state__in=ENDED)


def _total(uploads: QuerySet[Upload], *, but: Upload | None = None) -> int:
    """Their bytes; of those whose end is not known yet, what has arrived.

    What is joined into another one is counted there while that lives.
    """
    counted = uploads.exclude(pk=but.pk) if but is not None else uploads
    # All but a few, and added up out of an index alone; the few have an index of their own.
    whole = counted.exclude(concat=Concat.PARTIAL).aggregate(total=Sum("size"))["total"]
    joined = TusSource.objects.filter(partial=OuterRef("pk")).exclude(final__state__in=ENDED)
    few = counted.filter(Q(size=None) | Q(concat=Concat.PARTIAL))
    others = few.exclude(Exists(joined), concat=Concat.PARTIAL)
    held = Coalesce("size", _arrived(Part) + _arrived(Piece), output_field=BigIntegerField())
    return int(whole or 0) + int(others.aggregate(total=Sum(held))["total"] or 0)


def _arrived(rows: type[Part | Piece]) -> Coalesce:
    of_one = rows.objects.filter(upload=OuterRef("pk")).order_by().values("upload")
    return Coalesce(Subquery(of_one.annotate(sum=Sum("size")).values("sum")), 0, output_field=BigIntegerField())


def _one_at_a_time(whose: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [whose.int % 2**64 - 2**63])
