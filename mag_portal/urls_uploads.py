"""Addresses of the uploads pool: parts, tus uploads, and nothing that needs a session."""

from __future__ import annotations

from django.urls import path

from core.views import health
from transfers.views import faults, parts
from transfers.views.tus import resources as tus

handler400 = faults.bad_request
handler404 = faults.not_found
handler500 = faults.server_error

urlpatterns = [
    path("transfers/uploads/<uuid:pk>/parts/", parts.part, name="parts"),
    path("transfers/uploads/<uuid:pk>/parts/<int:number>/", parts.part, name="part"),
    path("transfers/tus/", tus.collection, name="tus"),
    path("transfers/tus/<str:key>", tus.resource, name="tus-upload"),
    path("healthz", health.live, name="live"),
    path("readyz", health.ready, name="ready"),
]
