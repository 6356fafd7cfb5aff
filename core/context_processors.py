from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def operator(request: HttpRequest) -> dict[str, str]:  # noqa: ARG001 - Django's signature
    """What every page says of the company that runs the gateway."""
    return {
        "operator_name": settings.OPERATOR_NAME,
        "operator_logo_url": settings.OPERATOR_LOGO_URL,
        "support_email": settings.SUPPORT_EMAIL,
    }
