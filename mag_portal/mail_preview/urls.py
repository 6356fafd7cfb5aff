from __future__ import annotations

from django.urls import path

from mag_portal.mail_preview import views

app_name = "mail-preview"
urlpatterns = [
    path("", views.index, name="index"),
    path("<slug:room>/<slug:name>/", views.message, name="message"),
    path("<slug:room>/<slug:name>/html/", views.html, name="html"),
]
