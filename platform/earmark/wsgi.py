"""Entry point of WSGI servers."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "earmark.settings.embedded")

application = get_wsgi_application()
