"""Addresses of the room, below /room/."""

from django.urls import path

from portal.room.signalling import door, join, leave, signal
from portal.room.views import host, page

app_name = "room"

urlpatterns = [
    path("<str:token>/", page, name="page"),
    path("<str:token>/host/", host, name="host"),
    path("<str:token>/signal", signal, name="signal"),
    path("<str:token>/join", join, name="join"),
    path("<str:token>/door", door, name="door"),
    path("<str:token>/leave", leave, name="leave"),
]
