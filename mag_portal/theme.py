"""The operator's colours, as the stylesheet that follows ``static/css/theme.css``."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe


@require_safe
@cache_control(public=True, max_age=3600)
def stylesheet(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The two custom properties that every colour of the gateway is made from."""
    rule = f":root {{ --brand-hue: {settings.OPERATOR_HUE:g}; --brand-chroma: {settings.OPERATOR_CHROMA:g}; }}\n"
    return HttpResponse(rule, content_type="text/css")
