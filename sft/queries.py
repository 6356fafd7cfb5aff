"""Reading across subscriptions, access and packages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import BigIntegerField, Count, Exists, IntegerField, Model, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

import orgs.queries
from core.actor import Actor
from orgs.catalogue import SFT
from orgs.models import Application, Membership, Organization, Role, RoleAssignment, SecondFactorRule
from sft.models import (
    AccessGrant,
    AccessGrantState,
    Package,
    PackageFile,
    PackageState,
    Recipient,
    RecipientState,
    Subscription,
    SubscriptionState,
)
from sft.states import ACCESS
from transfers.models import Upload, UploadState

M = TypeVar("M", bound=Model)
# The key of no row: what somebody without a membership finds is nothing.
NOBODY = UUID(int=0)


def member_id(actor: Actor) -> UUID:
    """The membership the actor acts under; without one a key that matches no row."""
    return actor.membership_id or NOBODY


def organization_id(actor: Actor) -> UUID:
    """The organisation the actor acts for; without one a key that matches no row."""
    return actor.organization_id or NOBODY


# --- Subscriptions and access -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Standing:
    """How one application stands for one member; nothing where a row was never made."""

    subscription: Subscription | None
    grant: AccessGrant | None

    @property
    def second_factor_rule(self) -> SecondFactorRule | None:
        """What the application asks for beyond access."""
        return getattr(self.subscription.application, "second_factor_rule", None) if self.subscription else None


def standing(actor: Actor, code: str) -> Standing:
    """How the application of this code stands for the actor."""
    return standing_of(organization_id=organization_id(actor), membership_id=member_id(actor), code=code)


def standing_of(*, organization_id: UUID, membership_id: UUID, code: str) -> Standing:
    return Standing(
        Subscription.objects.filter(organization_id=organization_id, application__code=code)
        .select_related("application__second_factor_rule")
        .first(),
        AccessGrant.objects.filter(membership_id=membership_id, application__code=code).first(),
    )


def may_open_workspace(actor: Actor) -> bool:
    """Whether Secure File Transfer is open to the actor, in one query."""
    if actor.membership_id is None:
        return False
    return with_open_workspace(Membership.objects.filter(pk=actor.membership_id)).exists()


def subscriptions_of(organization_id: UUID) -> dict[UUID, Subscription]:
    """The organisation's subscriptions by application."""
    rows = Subscription.objects.filter(organization_id=organization_id).select_related("requested_by__user")
    return {row.application_id: row for row in rows}


def grants_of(membership_id: UUID) -> dict[UUID, AccessGrant]:
    """A member's access by application."""
    rows = AccessGrant.objects.filter(membership_id=membership_id).select_related("decided_by__user")
    return {row.application_id: row for row in rows}


def administrators_by_role(organization_id: UUID) -> list[RoleAssignment]:
    """Every administrator of the organisation with role and application, in one query."""
    active = orgs.queries.active_members().filter(organization_id=organization_id)
    held = RoleAssignment.objects.filter(membership__in=active, role__in=(Role.OA, Role.AA))
    return list(held.select_related("membership__user", "application").order_by("since", "id"))


def waiting(grants: QuerySet[AccessGrant]) -> QuerySet[AccessGrant]:
    """Those of ``grants`` that wait for a decision."""
    return grants.filter(state__in=ACCESS.find("approve").sources)


# --- Recipients ---------------------------------------------------------------------------------------------------
def possible_recipients(actor: Actor, *, search: str = "") -> QuerySet[Membership]:
    """The actor's contacts who can open Secure File Transfer today."""
    return with_open_workspace(orgs.queries.contacts(actor, search=search))


def with_open_workspace(members: QuerySet[Membership]) -> QuerySet[Membership]:
    """Those of ``members`` to whom Secure File Transfer is open."""
    subscribed = Subscription.objects.filter(
        organization=OuterRef("organization_id"), application__code=SFT, state=SubscriptionState.ACTIVE
    )
    granted = AccessGrant.objects.filter(
        membership=OuterRef("pk"), application__code=SFT, state=AccessGrantState.ACTIVE
    )
    return members.filter(Exists(subscribed), Exists(granted))


# --- Packages -----------------------------------------------------------------------------------------------------
def received(actor: Actor) -> QuerySet[Recipient]:
    """What was delivered to the actor, each with ``file_count`` and ``total_size`` of its package."""
    rows = Recipient.objects.filter(membership_id=member_id(actor), notified_at__isnull=False)
    people = rows.select_related("package__sender__user", "package__sender__organization")
    return _with_files(people, package="package_id")


def unread_count(actor: Actor) -> int:
    return Recipient.objects.filter(membership_id=member_id(actor), state=RecipientState.NOTIFIED).count()


def sent(actor: Actor) -> QuerySet[Package]:
    """What the actor has sent, with its recipients, ``file_count`` and ``total_size``."""
    rows = Package.objects.filter(sender_id=member_id(actor), sent_at__isnull=False)
    return _with_files(rows.prefetch_related("recipients__membership__user"), package="pk")


def drafts(actor: Actor) -> QuerySet[Package]:
    """What the actor has begun and not sent, with its recipients, ``file_count`` and ``total_size``."""
    rows = Package.objects.filter(sender_id=member_id(actor), state=PackageState.DRAFT)
    return _with_files(rows.prefetch_related("recipients__membership__user"), package="pk")


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What a sender has left lying: drafts, and sent packages whose bytes have not all arrived."""

    drafts: int
    uploading: int


def unfinished(actor: Actor) -> Unfinished:
    counts = Package.objects.filter(sender_id=member_id(actor)).aggregate(
        drafts=Count("pk", filter=Q(state=PackageState.DRAFT)),
        uploading=Count("pk", filter=Q(state=PackageState.UPLOADING)),
    )
    return Unfinished(counts["drafts"], counts["uploading"])


def recipients_of(package: Package) -> QuerySet[Recipient]:
    """The package's recipients as people, each with ``downloaded_files``: how many of its files they have fetched whole."""
    people = package.recipients.select_related("membership__user", "membership__organization")
    return people.annotate(downloaded_files=Count("downloads__file", distinct=True))


def addressed_to(package: Package, actor: Actor) -> QuerySet[Recipient]:
    """The actor as a recipient to whom the package was delivered, under whichever membership."""
    return package.recipients.filter(membership__user_id=actor.user_id or NOBODY, notified_at__isnull=False)


def downloaded_files(recipient: Recipient) -> set[UUID]:
    """The files that this recipient has been sent whole."""
    return set(recipient.downloads.values_list("file_id", flat=True))


def members_by_application(organization: Organization, application: Application) -> QuerySet[AccessGrant]:
    """Everybody of ``organization`` who has, had or asked for access to ``application``."""
    grants = AccessGrant.objects.filter(membership__organization=organization, application=application)
    return grants.select_related("membership__user", "decided_by__user").exclude(state=AccessGrantState.INACTIVE)


def files_left(package: Package) -> tuple[int, int]:
    """How many files of the package are not in storage yet, and how many have failed."""
    counts = package.files.aggregate(
        unstored=Count("pk", filter=Q(stored_at__isnull=True)), failed=Count("pk", filter=~Q(failure=""))
    )
    return counts["unstored"], counts["failed"]


def held_file(package: Package) -> PackageFile | None:
    """The first file of the package that lies in quarantine."""
    held = Upload.objects.filter(subject=package.pk, state=UploadState.QUARANTINED).values("pk")
    return package.files.filter(upload_id__in=held).first()


def file_names(files: Iterable[PackageFile]) -> list[str]:
    """Each file as people know it: its folder and its name."""
    return [f"{file.path}/{file.name}" if file.path else file.name for file in files]


def _with_files(rows: QuerySet[M], *, package: str) -> QuerySet[M]:
    files = PackageFile.objects.filter(package=OuterRef(package)).order_by().values("package")
    counted = Subquery(files.annotate(figure=Count("pk")).values("figure"), output_field=IntegerField())
    summed = Subquery(files.annotate(figure=Sum("size")).values("figure"), output_field=BigIntegerField())
    annotations: dict[str, Any] = {"file_count": Coalesce(counted, 0), "total_size": Coalesce(summed, 0)}
    annotated: QuerySet[M] = rows.annotate(**annotations)
    return annotated
