from __future__ import annotations

from django.urls import path

from core import navigation
from mag_portal.styleguide import samples, views

app_name = "styleguide"
urlpatterns = [
    path("", views.components, name="components"),
    path("front-door/", views.front_door, name="front-door"),
    path("wizard/", views.wizard, name="wizard"),
    path("home/", views.home, name="home"),
    path("error/<int:status>/", views.error, name="error"),
    path("mail/", views.mail, name="mail"),
]

navigation.register(*samples.TABS)
