"""The staff console's addresses, at the root of the platform's own host."""

from django.urls import path

from portal.staff.home import home

app_name = "staff"
urlpatterns = [path("", home, name="home")]
