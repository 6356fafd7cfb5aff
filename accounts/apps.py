from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        from core.navigation import Tab, register

        register(
            Tab(
                "main",
                40,
                "My Account",
                "accounts:my-account",
                marks=("accounts:my-account", "accounts:change-password"),
            )
        )
