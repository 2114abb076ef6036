"""Addresses of words and sender, below /portal/messages/."""

from django.urls import path

from portal.business.mail import sender, words

urlpatterns = [
    path("words/", words.words, name="words"),
    path("words/<slug:language>/<slug:occasion>/", words.wording, name="wording"),
    path("words/<slug:language>/<slug:occasion>/preview/", words.preview, name="wording_preview"),
    path("words/<slug:language>/<slug:occasion>/undo/", words.undo, name="undo_wording"),
    path("words/<slug:language>/<slug:occasion>/reset/", words.reset, name="reset_wording"),
    path("sender/", sender.sender, name="mail_sender"),
    path("sender/server/", sender.own_server, name="own_mail_server"),
    path("sender/service/", sender.own_service, name="own_mail_service"),
    path("sender/server/test/", sender.test_server, name="test_mail_server"),
    path("sender/server/remove/", sender.platform_server, name="platform_mail_server"),
]
