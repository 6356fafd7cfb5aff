"""The only way to load an object for somebody: not theirs and not there are one 404."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from core.actor import Actor
from core.errors import NotFound
from orgs.models import Application, Role
from sft.models import AccessGrant, Package, PackageFile, Recipient


def application(code: str) -> Application:
    """An application of the catalogue, which is open to every member."""
    found = Application.objects.filter(code=code).first()
    if found is None:
        raise NotFound
    return found


def administered_application(actor: Actor, code: str) -> Application:
    """An application whose access in the actor's organisation is the actor's to see."""
    if code not in administered_codes(actor):
        raise NotFound
    return application(code)


def administered_codes(actor: Actor) -> list[str]:
    """The codes of the applications the actor is Application Administrator of."""
    prefix = f"{Role.AA.value}:"
    return sorted(role.removeprefix(prefix) for role in actor.roles if role.startswith(prefix))


def administered_grants(actor: Actor) -> QuerySet[AccessGrant]:
    """The access of members of the actor's organisation to the applications the actor administers."""
    codes = administered_codes(actor)
    if actor.organization_id is None or not codes:
        return AccessGrant.objects.none()
    grants = AccessGrant.objects.filter(membership__organization_id=actor.organization_id, application__code__in=codes)
    return grants.select_related("membership__user", "membership__organization", "application", "decided_by__user")


def decidable_grants(actor: Actor) -> QuerySet[AccessGrant]:
    """The same without the actor's own, on which others decide."""
    if actor.user_id is None:
        return AccessGrant.objects.none()
    return administered_grants(actor).exclude(membership__user_id=actor.user_id)


def grant(actor: Actor, pk: UUID) -> AccessGrant:
    """The access of a member that the actor administers."""
    found = administered_grants(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def grants(actor: Actor, pks: Collection[UUID]) -> list[AccessGrant]:
    """Several of them at once, oldest first. One that is not there makes the whole a ``NotFound``."""
    found = list(administered_grants(actor).filter(pk__in=pks).order_by("since", "id"))
    if len(found) != len(set(pks)):
        raise NotFound
    return found


def own_package(actor: Actor, pk: UUID) -> Package:
    """A package that the actor sends, in any state."""
    found = _packages().filter(pk=pk, sender_id=actor.membership_id).first() if actor.membership_id else None
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class SeenPackage:
    """A package as one of its people sees it: ``recipient`` is theirs, or nothing for the sender."""

    package: Package
    recipient: Recipient | None

    @property
    def is_sender(self) -> bool:
        return self.recipient is None


def package(actor: Actor, pk: UUID) -> SeenPackage:
    """A package that the actor sends, or that was delivered to them."""
    if actor.membership_id is None:
        raise NotFound
    found = _packages().filter(pk=pk).first()
    if found is None:
        raise NotFound
    if found.sender_id == actor.membership_id:
        return SeenPackage(found, None)
    recipient = found.recipients.filter(membership_id=actor.membership_id, notified_at__isnull=False).first()
    if recipient is None:
        raise NotFound
    return SeenPackage(found, recipient)


@dataclass(frozen=True, slots=True)
class SeenFile:
    """One file of a package, as one of its people sees it."""

    seen: SeenPackage
    file: PackageFile


def file(actor: Actor, package_id: UUID, pk: UUID) -> SeenFile:
    """A file of a package that the actor may see."""
    seen = package(actor, package_id)
    found = seen.package.files.filter(pk=pk).first()
    if found is None:
        raise NotFound
    return SeenFile(seen, found)


def own_recipient(actor: Actor, package_id: UUID, pk: UUID) -> Recipient:
    """A recipient of a package that the actor sends."""
    found = own_package(actor, package_id).recipients.filter(pk=pk).select_related("membership__user").first()
    if found is None:
        raise NotFound
    return found


def _packages() -> QuerySet[Package]:
    return Package.objects.select_related("sender__user", "sender__organization", "organization")
