"""Addresses of the settings, below /portal/settings/."""

from django.urls import path

from portal.business.settings import changing
from portal.business.settings.keys import keys, revoke_key
from portal.business.settings.page import settings
from portal.business.settings.taking_away import take_away

urlpatterns = [
    path("", settings, name="settings"),
    path("business/", changing.change_business, name="change_business"),
    path("colour/", changing.change_colour, name="change_colour"),
    path("logo/", changing.change_logo, name="change_logo"),
    path("access/", changing.change_access, name="change_access"),
    path("pause/", changing.change_pause, name="change_pause"),
    path("second-factor/", changing.change_second_factor, name="change_second_factor"),
    path("take-away/", take_away, name="take_away"),
    path("keys/", keys, name="api_keys"),
    path("keys/<int:key_id>/revoke/", revoke_key, name="revoke_api_key"),
]
