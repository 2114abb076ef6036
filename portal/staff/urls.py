"""The staff console's addresses, at the root of the platform's own host."""

from django.urls import path

from portal.staff.business import business
from portal.staff.changing import delete, resume, suspend
from portal.staff.contention import contention, contention_progress, contention_test
from portal.staff.fleet import home
from portal.staff.onboarding import link_name, new, onboarding, onboarding_progress, retry, roll_back

app_name = "staff"
urlpatterns = [
    path("", home, name="home"),
    path("businesses/new/", new, name="new"),
    path("businesses/new/link-name/", link_name, name="link_name"),
    path("businesses/<slug:slug>/", business, name="business"),
    path("businesses/<slug:slug>/suspend/", suspend, name="suspend"),
    path("businesses/<slug:slug>/resume/", resume, name="resume"),
    path("businesses/<slug:slug>/delete/", delete, name="delete"),
    path("onboarding/<int:run_id>/", onboarding, name="onboarding"),
    path("onboarding/<int:run_id>/progress/", onboarding_progress, name="onboarding_progress"),
    path("onboarding/<int:run_id>/retry/", retry, name="retry"),
    path("onboarding/<int:run_id>/roll-back/", roll_back, name="roll_back"),
    path("contention/", contention, name="contention"),
    path("contention/<int:test_id>/", contention_test, name="contention_test"),
    path("contention/<int:test_id>/progress/", contention_progress, name="contention_progress"),
]
