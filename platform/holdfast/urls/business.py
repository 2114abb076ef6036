"""Addresses of a business's host: its clients' pages, its portal, its API."""

from django.urls import include, path

from portal.wellknown import keys

handler500 = "portal.outage.server_error"

urlpatterns = [
    path("portal/", include("portal.business.urls")),
    path("accounts/", include("portal.business.account_urls")),
    path("api/v1/", include("portal.api.urls")),
    path(".well-known/holdfast/keys.json", keys, name="keys"),
    path("hooks/", include("portal.hooks")),
    path("room/", include("portal.room.urls")),
    path("", include("portal.public.urls")),
]
