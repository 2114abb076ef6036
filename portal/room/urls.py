"""Addresses of the room, below /room/."""

from django.urls import path

from portal.room.views import page, signal

app_name = "room"

urlpatterns = [
    path("<str:token>/", page, name="page"),
    path("<str:token>/signal", signal, name="signal"),
]
