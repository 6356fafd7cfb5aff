"""Who may do what in this room. Pure: what a decision needs is handed in; deny is the default."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from core.actor import Actor, ActorKind
from core.policies import ALLOWED, Decision, refused
from orgs.models import Invitation, Membership, Organization, Registration, RegistrationState
from orgs.roles import is_administrator, is_organization_administrator, may_invite

UNDER_REVIEW = (RegistrationState.SUBMITTED, RegistrationState.INFO_REQUESTED)


# --- Members and roles --------------------------------------------------------------------------------------------
def can_manage_members(actor: Actor, organization_id: UUID | None) -> Decision:
    """See, create and edit the users of an organisation, and their roles."""
    if actor.kind is ActorKind.SYSTEM:
        return ALLOWED
    if (
        organization_id is not None
        and actor.organization_id == organization_id
        and is_organization_administrator(actor)
    ):
        return ALLOWED
    return refused("Users are managed by the Organization Administrator of their organisation.")


def can_reissue_one_time_password(actor: Actor, membership: Membership, *, organizations: Collection[UUID]) -> Decision:
    """Give a user a new initial secret. ``organizations`` are all that the user is a member of.

    Whoever hands out the secret can sign in with it, so nobody does so for a person whom another organisation trusts too.
    """
    decision = can_manage_members(actor, membership.organization_id)
    if not decision:
        return decision
    if actor.user_id == membership.user_id:
        return refused("This is your own account. Use Forgot Password on the sign-in page instead.")
    if membership.user.is_staff or set(organizations) != {membership.organization_id}:
        return refused("This user belongs to another organisation too. Ask the operator’s support for help.")
    return ALLOWED


def can_suspend(actor: Actor, membership: Membership) -> Decision:
    decision = can_manage_members(actor, membership.organization_id)
    if decision and actor.user_id == membership.user_id:
        return refused("You cannot suspend yourself. Ask another Organization Administrator.")
    return decision


def can_see_organization(actor: Actor, organization: Organization) -> Decision:
    if actor.organization_id == organization.id and is_administrator(actor):
        return ALLOWED
    return refused("The organisation’s page is for its administrators.")


# --- Invitations --------------------------------------------------------------------------------------------------
def can_invite(actor: Actor) -> Decision:
    """Invite a company to collaborate with the organisation the actor acts for."""
    if may_invite(actor):
        return ALLOWED
    return refused("Inviting a company takes an administrator, or a member with the right to invite.")


def can_manage_invitation(actor: Actor, invitation: Invitation) -> Decision:
    """Resend or revoke: administrators for all invitations of their organisation, others for their own."""
    if actor.organization_id != invitation.organization_id or not can_invite(actor):
        return refused("This invitation belongs to somebody else.")
    if is_administrator(actor) or invitation.invited_by_id == actor.membership_id:
        return ALLOWED
    return refused("This invitation was sent by somebody else in your organisation.")


# --- Registrations ------------------------------------------------------------------------------------------------
def can_see_registrations(actor: Actor) -> Decision:
    if actor.is_staff:
        return ALLOWED
    return refused("Registrations are for operator staff.")


def can_decide(
    actor: Actor, registration: Registration, *, decider_email: str, named_emails: Collection[str]
) -> Decision:
    """Approve or deny. ``named_emails`` are the addresses of everybody to whom it gives a role."""
    if not actor.is_staff:
        return refused("Registrations are decided by operator staff.")
    involved = {address.casefold() for address in (registration.contact_email, *named_emails)}
    if decider_email.casefold() in involved:
        return refused("You are named in this registration, so somebody else has to decide it.")
    return ALLOWED
