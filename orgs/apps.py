from django.apps import AppConfig
from django.db.models.signals import post_migrate


class OrgsConfig(AppConfig):
    name = "orgs"
    verbose_name = "Organisations"

    def ready(self) -> None:
        from orgs import catalogue, checks, navigation

        assert checks  # noqa: S101 - importing registers them
        navigation.register_tabs()
        post_migrate.connect(catalogue.ensure, sender=self, dispatch_uid="orgs.catalogue")
