from django.apps import AppConfig


class SftConfig(AppConfig):
    name = "sft"
    verbose_name = "Secure File Transfer"

    def ready(self) -> None:
        from sft import tabs

        tabs.register()
