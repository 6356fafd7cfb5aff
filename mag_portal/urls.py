"""Addresses of the pages pool."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from core.views import csp, health, well_known
from mag_portal import mail_events, theme

handler400 = "core.views.errors.bad_request"
handler403 = "core.views.errors.permission_denied"
handler404 = "core.views.errors.page_not_found"
handler500 = "core.views.errors.server_error"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="sft:home"), name="front"),
    path("", include("accounts.urls")),
    path("", include("orgs.urls")),
    path("", include("sft.urls")),
    path("transfers/", include("transfers.urls")),
    path("admin/", admin.site.urls),
    path("theme.css", theme.stylesheet, name="operator-theme"),
    path("csp-report/", csp.report, name="csp-report"),
    path("favicon.ico", well_known.favicon, name="favicon"),
    path("robots.txt", well_known.robots, name="robots"),
    path(".well-known/security.txt", well_known.security, name="security-contact"),
    path(".well-known/change-password", well_known.change_password, name="well-known-change-password"),
    path("healthz", health.live, name="live"),
    path("readyz", health.ready, name="ready"),
]

if settings.MAIL_PROVIDER and settings.MAIL_WEBHOOK_SECRET:
    urlpatterns.append(mail_events.webhook(settings.MAIL_PROVIDER))

if not settings.PRODUCTION:
    urlpatterns.append(path("styleguide/", include("mag_portal.styleguide.urls")))
    urlpatterns.append(path("mail-preview/", include("mag_portal.mail_preview.urls")))
