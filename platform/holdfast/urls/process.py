"""Addresses of the process itself, asked by address, whatever the host: is it up, can it book, how is it."""

from django.urls import path

from portal.health import healthz, readyz
from portal.metrics import metrics

handler500 = "portal.outage.server_error"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
