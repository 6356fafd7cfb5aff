"""Telling those who administer an organisation that somebody registers under its name.

The registrant learns nothing of it: their pages always say that somebody is told if the organisation is registered.
"""

from __future__ import annotations

from core import outbox, throttles
from core.errors import TooMany
from core.throttles import FailMode, Limit
from orgs import queries
from orgs.models import MatchKind, Membership, Organization, OrganizationState, Registration, Role
from orgs.services import matching

# Somebody who submits again and again under one name must not fill a mailbox with it.
NOTICES = Limit("notices of registrations to an organisation", "10/day", FailMode.OPEN)


def tell(registration: Registration) -> None:
    """Mail the Organization Administrators of every active organisation with the same identifier or e-mail domain.

    Needs the transaction of Submit. Domains of free mail services are nobody's and count for nothing.
    """
    for organization in _organizations(registration)[:20]:
        try:
            throttles.hit(NOTICES, str(organization.pk))
        except TooMany:
            continue
        for administrator in queries.administrators(organization, Role.OA):
            _tell(administrator, organization, registration)


def _organizations(registration: Registration) -> list[Organization]:
    alike = matching.organizations_like(registration)
    same = {one.found.pk: one.found for one in alike if one.kind != MatchKind.NAME}
    return [
        found for found in same.values() if isinstance(found, Organization) and found.state == OrganizationState.ACTIVE
    ]


def _tell(administrator: Membership, organization: Organization, registration: Registration) -> None:
    outbox.enqueue(
        "orgs/mail/registration_in_your_name",
        to=administrator.user.email,
        language=administrator.user.language,
        context={
            "first_name": administrator.user.first_name,
            "organization": organization.legal_name,
            "organization_id": organization.organization_id,
            "company": registration.legal_name,
            "contact": registration.contact_name,
            "contact_email": registration.contact_email,
        },
        links={"join": outbox.Link("orgs:join")},
        organization_id=organization.id,
        about=registration.id,
    )
