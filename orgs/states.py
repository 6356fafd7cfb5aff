"""The states of organisations, members, invitations and registrations."""

from core import states
from orgs.models import (
    Invitation,
    InvitationState,
    Membership,
    MembershipState,
    Organization,
    OrganizationState,
    Registration,
    RegistrationState,
)

_OPEN = (InvitationState.PENDING, InvitationState.SENT, InvitationState.OPENED, InvitationState.STARTED)

ORGANIZATION = states.register(
    Organization,
    [
        ("activate", OrganizationState.PENDING, OrganizationState.ACTIVE),
        ("suspend", OrganizationState.ACTIVE, OrganizationState.SUSPENDED),
        ("reactivate", OrganizationState.SUSPENDED, OrganizationState.ACTIVE),
        ("close", OrganizationState.SUSPENDED, OrganizationState.CLOSED),
    ],
)

MEMBERSHIP = states.register(
    Membership,
    [
        ("suspend", MembershipState.ACTIVE, MembershipState.SUSPENDED),
        ("unsuspend", MembershipState.SUSPENDED, MembershipState.ACTIVE),
        ("close", (MembershipState.ACTIVE, MembershipState.SUSPENDED), MembershipState.CLOSED),
    ],
)

INVITATION = states.register(
    Invitation,
    [
        ("send", InvitationState.PENDING, InvitationState.SENT),
        ("open", InvitationState.SENT, InvitationState.OPENED),
        ("start", (InvitationState.SENT, InvitationState.OPENED), InvitationState.STARTED),
        ("accept", InvitationState.STARTED, InvitationState.ACCEPTED),
        ("resend", (*_OPEN, InvitationState.EXPIRED, InvitationState.BOUNCED), InvitationState.SENT),
        ("expire", _OPEN, InvitationState.EXPIRED),
        ("revoke", _OPEN, InvitationState.REVOKED),
        ("bounce", InvitationState.SENT, InvitationState.BOUNCED),
    ],
)

REGISTRATION = states.register(
    Registration,
    [
        ("submit", RegistrationState.DRAFT, RegistrationState.SUBMITTED),
        ("request_information", RegistrationState.SUBMITTED, RegistrationState.INFO_REQUESTED),
        ("answer", RegistrationState.INFO_REQUESTED, RegistrationState.SUBMITTED),
        ("approve", RegistrationState.SUBMITTED, RegistrationState.APPROVED),
        ("deny", (RegistrationState.SUBMITTED, RegistrationState.INFO_REQUESTED), RegistrationState.DENIED),
        ("expire", (RegistrationState.DRAFT, RegistrationState.INFO_REQUESTED), RegistrationState.EXPIRED),
    ],
)
