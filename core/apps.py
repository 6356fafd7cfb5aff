from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import autodiscover_modules


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Gateway"

    def ready(self) -> None:
        """Gather the words for events from all rooms, and listen to the hosted mail provider, where there is one."""
        autodiscover_modules("audit_words")
        if settings.MAIL_PROVIDER:
            from anymail.signals import tracking

            from core.outbox import reports

            tracking.connect(reports.take, dispatch_uid="core.outbox.reports")
