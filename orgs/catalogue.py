"""The applications that the gateway ships with. Their rows are made whenever the tables are, so they are always there."""

from __future__ import annotations

from typing import Any

from django.apps.registry import Apps
from django.db import router

SFT = "sft"

BUILT_IN = (
    (SFT, "Secure File Transfer", "Send and receive packages of very large files with people in other organisations."),
)


def ensure(*, using: str = "default", apps: Apps | None = None, **_: Any) -> None:
    """Make the rows that are missing; rows that exist keep what the operator wrote. Receives ``post_migrate``."""
    from django.apps import apps as current_apps

    try:
        application = (apps or current_apps).get_model("orgs", "Application")
    except LookupError:
        return
    if not router.allow_migrate_model(using, application):
        return
    for code, name, description in BUILT_IN:
        application._default_manager.using(using).get_or_create(
            code=code, defaults={"name": name, "description": description}
        )
