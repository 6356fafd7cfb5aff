"""Who may do what in this room. Pure: what a decision needs is handed in; deny is the default."""

from __future__ import annotations

from collections.abc import Collection

from core.actor import Actor
from core.policies import ALLOWED, Decision, refused
from orgs.models import Application, Membership, Role
from sft import states
from sft.models import (
    AccessGrant,
    AccessGrantState,
    Package,
    PackageFile,
    PackageState,
    Recipient,
    Subscription,
    SubscriptionState,
)

# A page of more files than this helps nobody; an archive does.
FILES_PER_PACKAGE = 2_000
RECIPIENTS_PER_PACKAGE = 200

_REQUESTABLE = states.ACCESS.find("request").sources
_DECIDABLE = states.ACCESS.find("approve").sources


# --- Subscriptions ------------------------------------------------------------------------------------------------
def can_request_subscription(actor: Actor, subscription: Subscription | None) -> Decision:
    """Ask the operator to subscribe the actor's own organisation."""
    if actor.organization_id is None or not actor.has(Role.OA):
        return refused("A subscription is requested by your Organization Administrator.")
    if subscription is None or states.SUBSCRIPTION.permits(subscription.state, "request"):
        return ALLOWED
    return refused(f"Your organisation’s subscription is already “{subscription.get_state_display()}”.")


def can_decide_subscriptions(actor: Actor) -> Decision:
    """Confirm, deny, suspend: the operator's own."""
    return ALLOWED if actor.is_staff else refused("Subscriptions are confirmed by the operator.")


# --- Access -------------------------------------------------------------------------------------------------------
def administers(actor: Actor, application: Application) -> bool:
    return actor.has(f"{Role.AA.value}:{application.code}")


def can_open(subscription: Subscription | None, grant: AccessGrant | None) -> Decision:
    """Open an application with a member's access, under their organisation's subscription."""
    if subscription is None or subscription.state != SubscriptionState.ACTIVE:
        return refused("Your organisation has no active subscription to this application. Home says who acts next.")
    if grant is None or grant.state != AccessGrantState.ACTIVE:
        return refused("You have no active access to this application. Home says who acts next.")
    return ALLOWED


def can_request_access(actor: Actor, subscription: Subscription | None, grant: AccessGrant | None) -> Decision:
    """Ask for access for oneself."""
    if actor.membership_id is None:
        return refused("Access is requested by members of an organisation.")
    if subscription is None or subscription.state != SubscriptionState.ACTIVE:
        return refused("Access can be requested once your organisation’s subscription is active.")
    if grant is None or grant.state in _REQUESTABLE:
        return ALLOWED
    return refused(f"Your access is already “{grant.get_state_display()}”.")


def can_administer_access(actor: Actor, grant: AccessGrant) -> Decision:
    """Approve, deny, suspend, unsuspend: the application's administrator in the member's own organisation."""
    if actor.organization_id != grant.membership.organization_id or not administers(actor, grant.application):
        return refused("Access is decided by the Application Administrator of the member’s organisation.")
    if actor.user_id == grant.membership.user_id:
        return refused("Nobody decides on their own access. Another Application Administrator has to.")
    return ALLOWED


def is_waiting(grant: AccessGrant) -> bool:
    """Whether a request is there to be decided."""
    return grant.state in _DECIDABLE


# --- Packages -----------------------------------------------------------------------------------------------------
def can_edit(actor: Actor, package: Package) -> Decision:
    """Change a draft: its words, recipients and files."""
    if actor.membership_id is None or actor.membership_id != package.sender_id:
        return refused("Only its sender can change a package.")
    if package.state != PackageState.DRAFT:
        return refused(
            "This package has been sent, so it can no longer be changed. Make a new one for what is missing."
        )
    return ALLOWED


def can_upload(actor: Actor, package: Package, *, may_open: Decision, sender_is_active: bool) -> Decision:
    """Bring bytes of a file of the package: while it is a draft, and after Send until all have arrived."""
    if actor.user_id is None or actor.user_id != package.sender.user_id or not sender_is_active:
        return refused("Only its sender can upload to a package.")
    if not may_open:
        return may_open
    if package.state in (PackageState.DRAFT, PackageState.UPLOADING, PackageState.PROCESSING):
        return ALLOWED
    return refused("This package takes no more files. Make a new one for what is missing.")


def can_receive(membership: Membership, possible: Collection[Membership]) -> Decision:
    """Be a recipient: ``possible`` are the contacts who can open the application today."""
    if membership in possible:
        return ALLOWED
    return refused(
        f"{membership.user.full_name} of {membership.organization} cannot open Secure File Transfer at present."
    )


def can_download(package: Package, recipient: Recipient | None, file: PackageFile) -> Decision:
    """Fetch a file: its recipients once the package is delivered, its sender (no ``recipient``) once it is verified."""
    if file.stored_at is None:
        return refused("This file is not in storage yet. Its sender sees how far it is.")
    if recipient is not None and package.state != PackageState.DELIVERED:
        return refused(f"This package is “{package.get_state_display()}”, so its files can no longer be downloaded.")
    if package.state == PackageState.PURGED:
        return refused("The files of this package have been deleted.")
    return ALLOWED
