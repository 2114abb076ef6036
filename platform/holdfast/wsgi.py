"""The web process's entry for a WSGI server."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from holdfast.startup import check
from kernel.postgres.shelf import keep_sessions

application = get_wsgi_application()
check()
keep_sessions(settings.HOLDFAST_WEB_THREADS)
