"""The doors of allauth that are open and designed: sign in and out, passwords, second factors; sign-up says no."""

from allauth.account import views
from django.urls import include, path, re_path

from portal.business.invitation import invitation
from portal.business.sign_in import own_sign_in, sign_out_elsewhere

urlpatterns = [
    path("invitation/<str:token>/", invitation, name="account_invitation"),
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("signup/", views.signup, name="account_signup"),  # closed; reset mails reverse it
    path("password/set/", views.password_reset, name="account_set_password"),  # by mail, as any other
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("2fa/", own_sign_in, name="mfa_index"),
    path("2fa/elsewhere/", sign_out_elsewhere, name="sign_out_elsewhere"),
    path("2fa/", include("allauth.mfa.urls")),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
