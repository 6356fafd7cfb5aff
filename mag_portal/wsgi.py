"""WSGI entry point of both pools; ``MAG_POOL`` says which URLs and middleware are served."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mag_portal.settings")
application = get_wsgi_application()
