from orgs.models.application import Application
from orgs.models.invitation import OPEN_STATES, Invitation, InvitationState
from orgs.models.membership import Membership, MembershipState, Role, RoleAssignment
from orgs.models.organization import (
    BusinessType,
    Organization,
    OrganizationProfile,
    OrganizationState,
    Partnership,
)
from orgs.models.registration import (
    LIVE_STATES,
    Registration,
    RegistrationAdministrator,
    RegistrationState,
    WizardStep,
)

__all__ = [
    "LIVE_STATES",
    "OPEN_STATES",
    "Application",
    "BusinessType",
    "Invitation",
    "InvitationState",
    "Membership",
    "MembershipState",
    "Organization",
    "OrganizationProfile",
    "OrganizationState",
    "Partnership",
    "Registration",
    "RegistrationAdministrator",
    "RegistrationState",
    "Role",
    "RoleAssignment",
    "WizardStep",
]
