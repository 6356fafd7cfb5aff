"""The operator's back office."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse


class OperatorAdminSite(AdminSite):
    """Stock admin whose only way in is the gateway's own sign-in, with its throttles and audit."""

    site_header = f"{settings.OPERATOR_NAME} · Managed Access Gateway"
    site_title = f"{settings.OPERATOR_NAME} operator"
    index_title = "Operator"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002
        if self.has_permission(request):
            return redirect("admin:index")
        destination = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(destination)
