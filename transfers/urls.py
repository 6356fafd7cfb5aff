from __future__ import annotations

from django.urls import path

from transfers.views import content, states, uploads

app_name = "transfers"

urlpatterns = [
    path("uploads/", uploads.collection, name="uploads"),
    path("uploads/states/", states.states, name="upload-states"),
    path("uploads/<uuid:pk>/", uploads.item, name="upload"),
    path("uploads/<uuid:pk>/content/", content.content, name="upload-content"),
    path("uploads/<uuid:pk>/token/", uploads.token, name="upload-token"),
    path("uploads/<uuid:pk>/addresses/", uploads.addresses, name="upload-addresses"),
    path("uploads/<uuid:pk>/complete/", uploads.complete, name="upload-complete"),
]
