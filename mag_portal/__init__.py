"""The roof: settings, URLs, workers and the wiring of ports to implementations."""

from mag_portal.celery import app as celery_app

__all__ = ["celery_app"]
