from django.apps import AppConfig
from django.conf import settings


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Gateway"

    def ready(self) -> None:
        """Listen to the hosted mail provider, where there is one."""
        if settings.MAIL_PROVIDER:
            from anymail.signals import tracking

            from core.outbox import reports

            tracking.connect(reports.take, dispatch_uid="core.outbox.reports")
