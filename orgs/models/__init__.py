from orgs.models.application import Application
from orgs.models.change_request import CHANGE_RELATIONS, ChangeRequest, ChangeRequestState
from orgs.models.invitation import OPEN_STATES, Invitation, InvitationBatch, InvitationState
from orgs.models.join_request import LIVE_JOIN_STATES, JoinRequest, JoinRequestState
from orgs.models.mailed_start import MailedStart
from orgs.models.membership import Membership, MembershipState, Role, RoleAssignment
from orgs.models.names import IDENTIFIERS, name_key
from orgs.models.organization import (
    BusinessType,
    Organization,
    OrganizationProfile,
    OrganizationState,
    Partnership,
    organization_id_in,
)
from orgs.models.registration import (
    LIVE_STATES,
    DenialCode,
    Flag,
    Registration,
    RegistrationAdministrator,
    RegistrationState,
    WizardStep,
)
from orgs.models.review import Holiday, MatchKind, RegistrationMatch, RegistrationNote, RegistrationQuestion
from orgs.models.second_factor_rule import SecondFactorRule

__all__ = [
    "CHANGE_RELATIONS",
    "IDENTIFIERS",
    "LIVE_JOIN_STATES",
    "LIVE_STATES",
    "OPEN_STATES",
    "Application",
    "BusinessType",
    "ChangeRequest",
    "ChangeRequestState",
    "DenialCode",
    "Flag",
    "Holiday",
    "Invitation",
    "InvitationBatch",
    "InvitationState",
    "JoinRequest",
    "JoinRequestState",
    "MailedStart",
    "MatchKind",
    "Membership",
    "MembershipState",
    "Organization",
    "OrganizationProfile",
    "OrganizationState",
    "Partnership",
    "Registration",
    "RegistrationAdministrator",
    "RegistrationMatch",
    "RegistrationNote",
    "RegistrationQuestion",
    "RegistrationState",
    "Role",
    "RoleAssignment",
    "SecondFactorRule",
    "WizardStep",
    "name_key",
    "organization_id_in",
]
