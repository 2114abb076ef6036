"""The web process's entry for a WSGI server."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.settings")

from django.core.wsgi import get_wsgi_application

from holdfast.startup import check

application = get_wsgi_application()
check()
