from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate


class OrgsConfig(AppConfig):
    name = "orgs"
    verbose_name = "Organisations"

    def ready(self) -> None:
        from orgs import catalogue, checks, navigation, notifications

        for check in (checks.captcha_asks_people, checks.captcha_gives_time):
            register(check, Tags.security)
        navigation.register_tabs()
        notifications.register_kinds()
        post_migrate.connect(catalogue.ensure, sender=self, dispatch_uid="orgs.catalogue")
