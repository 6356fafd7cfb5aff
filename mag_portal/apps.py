"""App configurations of the roof."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    """Binds the ports of the lower floors to their implementations once every app is loaded."""

    name = "mag_portal"

    def ready(self) -> None:
        from mag_portal import wiring

        wiring.bind()


class OperatorAdminConfig(AdminConfig):
    """The operator's back office: Django's own admin behind the gateway's own sign-in."""

    default_site = "mag_portal.admin_site.OperatorAdminSite"
