from orgs.models.application import Application
from orgs.models.invitation import Invitation, InvitationState
from orgs.models.membership import Membership, MembershipState, Role, RoleAssignment
from orgs.models.organization import (
    BusinessType,
    Organization,
    OrganizationProfile,
    OrganizationState,
    Partnership,
)
from orgs.models.registration import Registration, RegistrationAdministrator, RegistrationState, WizardStep

__all__ = [
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
