"""The operator's back office."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from core import back_office
from core.audit import refusals
from core.http import Request, actor_of, asked_for


class OperatorAdminSite(AdminSite):
    """Stock admin whose ways in and out, and whose passwords, are the gateway's own, with its throttles and audit."""

    site_header = f"{settings.OPERATOR_NAME} · Managed Access Gateway"
    site_title = f"{settings.OPERATOR_NAME} operator"
    index_title = "Operator"

    def index(
        self,
        request: Request,  # type: ignore[override]
        extra_context: dict[str, Any] | None = None,
    ) -> TemplateResponse:
        """The stock index with what waits for staff above it."""
        return super().index(request, {**(extra_context or {}), "waiting": back_office.waiting(request.actor)})

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002 - Django's signature
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            reason = "The back office is for operator staff."
            refusals.note(actor_of(request), asked=asked_for(request), reason=reason)
        destination = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(destination)

    def logout(  # type: ignore[override]
        self,
        request: Request,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        from accounts.views.sign_in import sign_out

        return sign_out(request)

    def password_change(  # type: ignore[override]
        self,
        request: HttpRequest,  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        return redirect("accounts:change-password")
