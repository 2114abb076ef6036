"""Addresses of the connections, below /portal/connections/."""

from django.urls import path

from portal.business.connections import accounts, calendars, chats, clients, feeds, jitsi, webhooks, zoom
from portal.business.connections.page import connections

urlpatterns = [
    path("", connections, name="connections"),
    path("calendars/of/<int:host_id>/", calendars.connect, name="connect_calendar"),
    path("calendars/published/of/<int:host_id>/", feeds.subscribe, name="subscribe_calendar"),
    path("calendars/<int:connection_id>/", calendars.calendar, name="calendar"),
    path("calendars/<int:connection_id>/test/", calendars.test, name="test_calendar"),
    path("calendars/<int:connection_id>/change/", calendars.change, name="change_calendar"),
    path("calendars/<int:connection_id>/disconnect/", calendars.disconnect, name="disconnect_calendar"),
    path("jitsi/", jitsi.jitsi, name="jitsi"),
    path("jitsi/test/", jitsi.test, name="test_jitsi"),
    path("jitsi/forget/", jitsi.forget, name="forget_jitsi"),
    path("zoom/", zoom.zoom, name="zoom"),
    path("zoom/app/", zoom.app, name="zoom_app"),
    path("zoom/test/", zoom.test, name="test_zoom"),
    path("zoom/forget/", zoom.forget, name="forget_zoom"),
    path("zoom/of/<int:host_id>/test/", zoom.test_account, name="test_zoom_account"),
    path("zoom/of/<int:host_id>/disconnect/", zoom.disconnect_account, name="disconnect_zoom_account"),
    path("chats/<slug:kind>/", chats.add, name="add_chat"),
    path("accounts/finish/", accounts.finish, name="finish_account"),
    path("accounts/<slug:kind>/of/<int:host_id>/", accounts.connect_at, name="connect_account"),
    path("clients/<slug:kind>/", clients.client, name="oauth_client"),
    path("clients/<slug:kind>/test/", clients.test_client, name="test_oauth_client"),
    path("clients/<slug:kind>/remove/", clients.remove_client, name="remove_oauth_client"),
    path("webhooks/", webhooks.add_webhook, name="add_webhook"),
    path("webhooks/<int:endpoint_id>/", webhooks.webhook, name="webhook"),
    path("webhooks/<int:endpoint_id>/test/", webhooks.test_webhook, name="test_webhook"),
    path("webhooks/<int:endpoint_id>/secret/", webhooks.rotate_webhook, name="rotate_webhook"),
    path("webhooks/<int:endpoint_id>/on/", webhooks.switch_on, name="switch_on_webhook"),
    path("webhooks/<int:endpoint_id>/remove/", webhooks.remove_webhook, name="remove_webhook"),
]
