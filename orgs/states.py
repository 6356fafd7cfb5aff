"""The states of organisations, members, invitations, registrations and of what is asked of the operator or an OA later."""

from core import states
from orgs.models import (
    ChangeRequest,
    ChangeRequestState,
    Invitation,
    InvitationState,
    JoinRequest,
    JoinRequestState,
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
        # Whoever opens the link has the mail, whatever a mail server said of it.
        ("open", (InvitationState.SENT, InvitationState.BOUNCED), InvitationState.OPENED),
        ("start", (InvitationState.SENT, InvitationState.OPENED), InvitationState.STARTED),
        ("accept", (InvitationState.SENT, InvitationState.OPENED, InvitationState.STARTED), InvitationState.ACCEPTED),
        ("resend", (*_OPEN, InvitationState.EXPIRED, InvitationState.BOUNCED), InvitationState.SENT),
        ("expire", _OPEN, InvitationState.EXPIRED),
        ("revoke", (*_OPEN, InvitationState.BOUNCED), InvitationState.REVOKED),
        # A scanner on the way may have opened the link before the mail came back.
        ("bounce", (InvitationState.SENT, InvitationState.OPENED), InvitationState.BOUNCED),
    ],
)

REGISTRATION = states.register(
    Registration,
    [
        ("submit", RegistrationState.DRAFT, RegistrationState.SUBMITTED),
        ("request_information", RegistrationState.SUBMITTED, RegistrationState.INFO_REQUESTED),
        ("answer", RegistrationState.INFO_REQUESTED, RegistrationState.SUBMITTED),
        ("approve", RegistrationState.SUBMITTED, RegistrationState.APPROVED),
        ("merge", RegistrationState.SUBMITTED, RegistrationState.MERGED),
        ("deny", (RegistrationState.SUBMITTED, RegistrationState.INFO_REQUESTED), RegistrationState.DENIED),
        ("withdraw", (RegistrationState.SUBMITTED, RegistrationState.INFO_REQUESTED), RegistrationState.WITHDRAWN),
        ("expire", (RegistrationState.DRAFT, RegistrationState.INFO_REQUESTED), RegistrationState.EXPIRED),
    ],
)

_JOINING = (JoinRequestState.UNCONFIRMED, JoinRequestState.CONFIRMED, JoinRequestState.REQUESTED)

JOIN_REQUEST = states.register(
    JoinRequest,
    [
        ("confirm", JoinRequestState.UNCONFIRMED, JoinRequestState.CONFIRMED),
        ("request", JoinRequestState.CONFIRMED, JoinRequestState.REQUESTED),
        ("approve", JoinRequestState.REQUESTED, JoinRequestState.APPROVED),
        ("deny", JoinRequestState.REQUESTED, JoinRequestState.DENIED),
        ("withdraw", (JoinRequestState.CONFIRMED, JoinRequestState.REQUESTED), JoinRequestState.WITHDRAWN),
        ("expire", _JOINING, JoinRequestState.EXPIRED),
    ],
)

CHANGE_REQUEST = states.register(
    ChangeRequest,
    [
        ("approve", ChangeRequestState.REQUESTED, ChangeRequestState.APPROVED),
        ("deny", ChangeRequestState.REQUESTED, ChangeRequestState.DENIED),
        ("withdraw", ChangeRequestState.REQUESTED, ChangeRequestState.WITHDRAWN),
    ],
)
