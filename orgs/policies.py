"""Who may do what in this room. Pure: what a decision needs is handed in; deny is the default."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from accounts.proofs import EVERY_KIND, Proof
from core.actor import Actor, ActorKind
from core.policies import ALLOWED, Decision, refused
from orgs.models import (
    ChangeRequest,
    Invitation,
    JoinRequest,
    Membership,
    MembershipState,
    Organization,
    OrganizationState,
    Registration,
    RegistrationState,
    Role,
    SecondFactorRule,
)
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


def can_correct_name(actor: Actor, membership: Membership, *, organizations: Collection[UUID]) -> Decision:
    """Spell a user's name otherwise. ``organizations`` are all that the user is a member of: each would read the new one."""
    decision = can_manage_members(actor, membership.organization_id)
    if not decision:
        return decision
    if actor.user_id == membership.user_id:
        return refused("Ask another Organization Administrator to correct your own name.")
    if membership.user.is_staff or set(organizations) != {membership.organization_id}:
        return refused("This user belongs to another organisation too. Ask the operator’s support for help.")
    return ALLOWED


def can_act_for(actor: Actor, membership: Membership) -> Decision:
    """Work with the rights of a membership of one's own: while it and its organisation are active."""
    if actor.user_id != membership.user_id:
        return refused("This membership is somebody else’s.")
    if membership.organization.state != OrganizationState.ACTIVE:
        return refused("This organisation has no active account at the moment.")
    if membership.state != MembershipState.ACTIVE:
        return refused("Your membership is not active. Ask the Organization Administrator.")
    return ALLOWED


def can_sign_everybody_out(actor: Actor, organization_id: UUID) -> Decision:
    """End the sessions of everybody in an organisation: its Organization Administrators, and operator staff."""
    return ALLOWED if actor.is_staff else can_manage_members(actor, organization_id)


def can_assign_role(actor: Actor, organization_id: UUID | None, role: str) -> Decision:
    """Give or take ``role`` at once. Who administers an organisation is confirmed by the operator first."""
    decision = can_manage_members(actor, organization_id)
    if decision and role == Role.OA and actor.kind is not ActorKind.SYSTEM:
        return refused("The operator confirms who is Organization Administrator. Ask for it on the user’s page.")
    return decision


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


def can_see_audit_trail(actor: Actor) -> Decision:
    """Read and export the events of the organisation the actor acts for."""
    if is_organization_administrator(actor):
        return ALLOWED
    return refused("The audit trail is for the Organization Administrators.")


# --- Changes of an organisation -----------------------------------------------------------------------------------
def can_edit_organization(actor: Actor, organization: Organization) -> Decision:
    """Edit the profile; what the operator has checked waits for the operator again."""
    if actor.is_staff or (actor.organization_id == organization.id and is_organization_administrator(actor)):
        return ALLOWED
    return refused("The profile is edited by the Organization Administrator.")


def can_change_administrators(actor: Actor, organization: Organization) -> Decision:
    """Ask the operator to appoint or dismiss Organization Administrators; staff ask a second of them."""
    if actor.is_staff or (actor.organization_id == organization.id and is_organization_administrator(actor)):
        return ALLOWED
    return refused("Only an Organization Administrator asks for another one.")


def can_withdraw_change(actor: Actor, change: ChangeRequest) -> Decision:
    """Members' requests by any OA of the organisation, staff's own by whoever asked."""
    if change.requested_by_staff_id is not None:
        if actor.is_staff and actor.user_id == change.requested_by_staff_id:
            return ALLOWED
        return refused("This was asked for by the operator. Only who asked can withdraw it.")
    if actor.organization_id == change.organization_id and is_organization_administrator(actor):
        return ALLOWED
    return refused("A change is withdrawn by an Organization Administrator of the organisation.")


def can_see_changes(actor: Actor) -> Decision:
    if actor.is_staff:
        return ALLOWED
    return refused("Change requests are for operator staff.")


def can_decide_change(actor: Actor, change: ChangeRequest, *, is_member: bool) -> Decision:
    """Approve or deny. ``is_member`` tells whether the actor is or was a member of the organisation."""
    if not actor.is_staff:
        return refused("Changes are decided by operator staff.")
    if actor.user_id == change.requested_by_staff_id:
        return refused("You asked for this change, so somebody else has to decide it.")
    if is_member:
        return refused("You are a member of this organisation, so somebody else has to decide it.")
    return ALLOWED


def can_stop_organization(actor: Actor, *, is_member: bool) -> Decision:
    """Suspend, reactivate or close an organisation."""
    if not actor.is_staff:
        return refused("Organisations are suspended and closed by operator staff.")
    if is_member:
        return refused("You are a member of this organisation, so somebody else has to do this.")
    return ALLOWED


# --- Requests to join ---------------------------------------------------------------------------------------------
def can_decide_join_request(actor: Actor, request: JoinRequest) -> Decision:
    """Approve or deny: the Organization Administrators of the organisation that was asked."""
    decision = can_manage_members(actor, request.organization_id)
    return (
        decision if actor.membership_id else refused("A request to join is decided by an Organization Administrator.")
    )


# --- Invitations --------------------------------------------------------------------------------------------------
def can_invite(actor: Actor) -> Decision:
    """Invite a company to collaborate with the organisation the actor acts for; staff for any, or for the operator."""
    if actor.is_staff or may_invite(actor):
        return ALLOWED
    return refused("Inviting a company takes an administrator, or a member with the right to invite.")


def can_manage_invitation(actor: Actor, invitation: Invitation) -> Decision:
    """Extend, resend, revoke: administrators for all of their organisation, others for their own, staff for all there are."""
    if actor.is_staff:
        return ALLOWED
    if actor.organization_id != invitation.organization_id or not can_invite(actor):
        return refused("This invitation belongs to somebody else.")
    if is_administrator(actor) or invitation.invited_by_id == actor.membership_id:
        return ALLOWED
    return refused("This invitation was sent by somebody else in your organisation.")


def can_accept_invitation(actor: Actor) -> Decision:
    """Take up an invitation for the organisation the actor acts for."""
    if is_administrator(actor):
        return ALLOWED
    return refused("Accepting an invitation for your organisation is for its administrators. Pass it on to one.")


# --- Registrations ------------------------------------------------------------------------------------------------
def can_see_registrations(actor: Actor) -> Decision:
    if actor.is_staff:
        return ALLOWED
    return refused("Registrations are for operator staff.")


def can_set_holidays(actor: Actor) -> Decision:
    """Say on which days the operator does not work."""
    return ALLOWED if actor.is_staff else refused("Holidays are set by operator staff.")


def can_decide(
    actor: Actor, registration: Registration, *, decider_email: str, named_emails: Collection[str]
) -> Decision:
    """Work on a registration: claim, ask, merge. ``named_emails`` are the addresses of everybody to whom it gives a role."""
    if not actor.is_staff:
        return refused("Registrations are decided by operator staff.")
    if is_involved(registration, email=decider_email, named_emails=named_emails):
        return refused("You are named in this registration, so somebody else has to decide it.")
    return ALLOWED


def can_approve(
    actor: Actor, registration: Registration, *, decider_email: str, named_emails: Collection[str]
) -> Decision:
    """Approve, or be the second of two who do."""
    decision = can_decide(actor, registration, decider_email=decider_email, named_emails=named_emails)
    if (
        decision
        and registration.state == RegistrationState.SUBMITTED
        and actor.user_id == registration.first_approved_by_id
    ):
        return refused("You have approved this already. Now a colleague has to.")
    return decision


def can_deny(
    actor: Actor,
    registration: Registration,
    *,
    decider_email: str,
    named_emails: Collection[str],
    has_other_deciders: bool,
) -> Decision:
    """Deny. Where a registration names everybody who could decide, they may still deny it, which gains nobody anything."""
    decision = can_decide(actor, registration, decider_email=decider_email, named_emails=named_emails)
    return decision if decision or has_other_deciders or not actor.is_staff else ALLOWED


def is_involved(registration: Registration, *, email: str, named_emails: Collection[str]) -> bool:
    """Whether ``email`` is the contact's or of somebody to whom the registration gives a role.

    ``sam+newco@…`` is read in the mailbox of ``sam@…``, so it is the same person.
    """
    return _mailbox(email) in {_mailbox(address) for address in (registration.contact_email, *named_emails)}


def _mailbox(address: str) -> str:
    name, _, domain = address.casefold().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"


# --- Second factors -----------------------------------------------------------------------------------------------
def can_set_second_factor_rule(actor: Actor, *, organization_id: UUID | None) -> Decision:
    """For everybody or an application: operator staff and the gateway itself. For an organisation: its administrators too."""
    if actor.is_staff or actor.kind is ActorKind.SYSTEM:
        return ALLOWED
    if organization_id is None:
        return refused("This rule is set by operator staff.")
    return can_manage_members(actor, organization_id)


def stronger_sign_in(actor: Actor, rule: SecondFactorRule | None) -> frozenset[str]:
    """The kinds of second factor of which the session of ``actor`` shows none, and ``rule`` asks for one; none where it is
    enough. A recovery code was shown in place of any of them.
    """
    if rule is None or not rule.required:
        return frozenset()
    kinds = frozenset(rule.kinds) & EVERY_KIND or EVERY_KIND
    return frozenset() if actor.proofs & {*kinds, Proof.RECOVERY_CODE.value} else kinds
