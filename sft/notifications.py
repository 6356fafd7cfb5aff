"""The mails of this room that people may do without."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.notifications import Kind, register
from orgs import roles

PACKAGES = "sft.packages"
ACCESS_REQUESTS = "sft.access_requests"


def register_kinds() -> None:
    register(
        Kind(
            PACKAGES,
            10,
            _("Packages for you"),
            _("Somebody has sent you a package."),
            concerns=lambda actor: actor.organization_id is not None,
        ),
        Kind(
            ACCESS_REQUESTS,
            11,
            _("Requests for access"),
            _("Somebody asks for access to an application that you administer."),
            concerns=roles.is_application_administrator,
        ),
    )
