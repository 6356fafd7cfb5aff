from django.apps import AppConfig


class SftConfig(AppConfig):
    name = "sft"
    verbose_name = "Secure File Transfer"

    def ready(self) -> None:
        from sft import notifications, tabs

        tabs.register()
        notifications.register_kinds()
