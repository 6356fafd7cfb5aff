from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from core.http import actor_of
from sft.services import quotas
from transfers.models import Maintenance


def workspace(request: HttpRequest) -> dict[str, Any]:
    """What every page of the workspace says beside its own: that files are not received now, and how much room is used.

    Asked by the pages that show it, and by no other.
    """
    return {
        "workspace": {
            "maintenance": SimpleLazyObject(Maintenance.objects.first),
            "room": SimpleLazyObject(lambda: quotas.usage_of(actor_of(request))),
        }
    }
