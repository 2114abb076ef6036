"""Addresses of the platform's own host: the staff console."""

from django.urls import include, path

from portal.brand import BRAND_PATH, stylesheet
from portal.hooks import mail_reported
from portal.oauth_return import oauth_return
from portal.wellknown import keys

handler500 = "portal.outage.server_error"

urlpatterns = [
    path("accounts/", include("portal.business.account_urls")),
    path(".well-known/holdfast/keys.json", keys, name="keys"),
    path("hooks/mail/", mail_reported, name="mail_reported"),
    path("oauth/return/", oauth_return, name="oauth_return"),
    path("", include(([path(BRAND_PATH, stylesheet, name="brand")], "public"))),
    path("", include("portal.staff.shared_urls")),
    path("", include("portal.staff.urls")),
]
