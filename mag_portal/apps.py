"""App configurations of the roof."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.module_loading import autodiscover_modules


class PortalConfig(AppConfig):
    """Loads the transition tables of all rooms and binds the ports of the lower floors, once every app is loaded."""

    name = "mag_portal"

    def ready(self) -> None:
        from mag_portal import wiring

        autodiscover_modules("states")
        wiring.bind()


class OperatorAdminConfig(AdminConfig):
    """The operator's back office: Django's own admin behind the gateway's own sign-in."""

    default_site = "mag_portal.admin_site.OperatorAdminSite"
