"""The web process's entry for a WSGI server."""

import os
from importlib import import_module

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from holdfast.startup import check
from kernel.garbage import keep_what_is_loaded
from kernel.postgres.shelf import keep_sessions

application = get_wsgi_application()
check()
for name in ("business", "staff", "process"):
    import_module(f"holdfast.urls.{name}")  # with every view: nobody's first request waits for them
keep_sessions(settings.HOLDFAST_WEB_THREADS, settings.HOLDFAST_PROCESS_TENANTS)
keep_what_is_loaded()
