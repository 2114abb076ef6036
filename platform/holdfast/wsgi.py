"""The web process's entry for a WSGI server."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.settings")

from django.core.wsgi import get_wsgi_application  # noqa: E402  after the settings are named

from holdfast.startup import check  # noqa: E402

application = get_wsgi_application()
check()
