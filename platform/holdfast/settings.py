"""Django's settings; every value that differs between installations is read by kernel.env and named there."""

import base64
from pathlib import Path
from urllib.parse import unquote, urlsplit

from kernel import env
from kernel.postgres.role import database_settings

ROOT = Path(__file__).resolve().parents[2]


# -- where things are -------------------------------------------------------------------------------
HOLDFAST_DATA = Path(env.text("HOLDFAST_DATA", str(ROOT / ".data")))
HOLDFAST_PUBLIC_SCHEME = env.text("HOLDFAST_PUBLIC_SCHEME", "http")
HOLDFAST_PUBLIC_PORT = env.integer("HOLDFAST_PUBLIC_PORT", 8000)
HOLDFAST_SELF_ADDRESS = env.text("HOLDFAST_SELF_ADDRESS", "127.0.0.1:8000")
HOLDFAST_SMTP_URL = env.secret("HOLDFAST_SMTP_URL", "smtp://127.0.0.1:1025")
HOLDFAST_MAIL_FROM = env.text("HOLDFAST_MAIL_FROM", "bookings@holdfast.example")
HOLDFAST_BOUNCE_ADDRESS = env.text("HOLDFAST_BOUNCE_ADDRESS", "")
HOLDFAST_MAIL_SERVICE = env.text("HOLDFAST_MAIL_SERVICE", "")
HOLDFAST_MAIL_SERVICE_KEY = env.secret("HOLDFAST_MAIL_SERVICE_KEY", "")
HOLDFAST_MAIL_SERVICE_DOMAIN = env.text("HOLDFAST_MAIL_SERVICE_DOMAIN", "")
HOLDFAST_MAIL_SERVICE_HOOK_KEY = env.secret("HOLDFAST_MAIL_SERVICE_HOOK_KEY", "")
HOLDFAST_MAIL_SERVICE_SIMULATOR = env.text("HOLDFAST_MAIL_SERVICE_SIMULATOR", "")
HOLDFAST_HTTP_ALLOW = env.words("HOLDFAST_HTTP_ALLOW")
HOLDFAST_CHECKPOINTS = Path(env.text("HOLDFAST_CHECKPOINTS", str(HOLDFAST_DATA / "checkpoints")))
HOLDFAST_CHECKPOINT_PUBLIC_KEY = env.text("HOLDFAST_CHECKPOINT_PUBLIC_KEY", "")
HOLDFAST_CALDAV_DEMO_URL = env.text("HOLDFAST_CALDAV_DEMO_URL", "")
HOLDFAST_CALDAV_DEMO_USER = env.text("HOLDFAST_CALDAV_DEMO_USER", "ana")
HOLDFAST_CALDAV_DEMO_PASSWORD = env.secret("HOLDFAST_CALDAV_DEMO_PASSWORD", "")
BROKER_URL = env.text("BROKER_URL", "redis://127.0.0.1:6379/0")
OWNER_DATABASE_URL = env.text("OWNER_DATABASE_URL", "")

# -- how it behaves ---------------------------------------------------------------------------------
HOLDFAST_PUBLIC_RATE = env.flag("HOLDFAST_PUBLIC_RATE", default=True)
HOLDFAST_CALENDAR_FRESH_SECONDS = env.integer("HOLDFAST_CALENDAR_FRESH_SECONDS", 20)
HOLDFAST_CALENDAR_HOLD_SECONDS = env.integer("HOLDFAST_CALENDAR_HOLD_SECONDS", 300)
HOLDFAST_HEALTH_SECONDS = env.integer("HOLDFAST_HEALTH_SECONDS", 300)
HOLDFAST_LEASE_SECONDS = env.integer("HOLDFAST_LEASE_SECONDS", 30)
HOLDFAST_HOLD_SECONDS = env.integer("HOLDFAST_HOLD_SECONDS", 300)
HOLDFAST_LINK_SECONDS = env.integer("HOLDFAST_LINK_SECONDS", 90)
HOLDFAST_HOLDS_PER_VISITOR = env.integer("HOLDFAST_HOLDS_PER_VISITOR", 3)
HOLDFAST_HOLDS_PER_TENANT = env.integer("HOLDFAST_HOLDS_PER_TENANT", 200)
HOLDFAST_WEB_THREADS = env.integer("HOLDFAST_WEB_THREADS", 8)
HOLDFAST_PROCESS_TENANTS = env.integer("HOLDFAST_PROCESS_TENANTS", 256)
HOLDFAST_TRUSTED_PROXIES = env.integer("HOLDFAST_TRUSTED_PROXIES", 0)

# -- the built-in room (docs/room.md) ------------------------------------------------------------------
HOLDFAST_STUN_URLS = env.words("HOLDFAST_STUN_URLS")
HOLDFAST_TURN_URLS = env.words("HOLDFAST_TURN_URLS")
HOLDFAST_TURN_SECRET = env.secret("HOLDFAST_TURN_SECRET", "")
HOLDFAST_ROOM_RELAY_ONLY = env.flag("HOLDFAST_ROOM_RELAY_ONLY", default=False)

# -- accounts at Google and Microsoft (docs/operator.md); a business may bring its own in the portal ------
HOLDFAST_GOOGLE_CLIENT_ID = env.text("HOLDFAST_GOOGLE_CLIENT_ID", "")
HOLDFAST_GOOGLE_CLIENT_SECRET = env.secret("HOLDFAST_GOOGLE_CLIENT_SECRET", "")
HOLDFAST_ZOOM_CLIENT_ID = env.text("HOLDFAST_ZOOM_CLIENT_ID", "")
HOLDFAST_ZOOM_CLIENT_SECRET = env.secret("HOLDFAST_ZOOM_CLIENT_SECRET", "")
HOLDFAST_ZOOM_SIMULATOR = env.text("HOLDFAST_ZOOM_SIMULATOR", "")
HOLDFAST_TWILIO_SIMULATOR = env.text("HOLDFAST_TWILIO_SIMULATOR", "")
HOLDFAST_CHATS_SIMULATOR = env.text("HOLDFAST_CHATS_SIMULATOR", "")
HOLDFAST_MICROSOFT_CLIENT_ID = env.text("HOLDFAST_MICROSOFT_CLIENT_ID", "")
HOLDFAST_MICROSOFT_CLIENT_SECRET = env.secret("HOLDFAST_MICROSOFT_CLIENT_SECRET", "")
HOLDFAST_MICROSOFT_DIRECTORY = env.text("HOLDFAST_MICROSOFT_DIRECTORY", "common")
HOLDFAST_GOOGLE_SIMULATOR = env.text("HOLDFAST_GOOGLE_SIMULATOR", "")  # the demo's stand-ins; pages say so
HOLDFAST_MICROSOFT_SIMULATOR = env.text("HOLDFAST_MICROSOFT_SIMULATOR", "")

# -- secrets ----------------------------------------------------------------------------------------
_NO_SECRET = "not-a-secret: set HOLDFAST_SECRET_KEY"  # noqa: S105  lets checks and type checkers load settings
SECRET_KEY = env.secret("HOLDFAST_SECRET_KEY", _NO_SECRET)
HOLDFAST_METRICS_TOKEN = env.secret("HOLDFAST_METRICS_TOKEN", "")
HOLDFAST_KEK = base64.urlsafe_b64decode(
    env.secret("HOLDFAST_KEK", base64.urlsafe_b64encode(b"\0" * 32).decode())
)
HOLDFAST_KEK_OLD = base64.urlsafe_b64decode(env.secret("HOLDFAST_KEK_OLD", ""))  # until all is sealed again

# -- Django -----------------------------------------------------------------------------------------
DEBUG = False
ALLOWED_HOSTS = ["*"]  # the Domain table decides: an unknown host gets a plain 404 from tenants.middleware
DATABASES = {
    "default": database_settings(
        env.text("DATABASE_URL", "postgresql://holdfast_app@127.0.0.1:5432/holdfast")
    )
}
HOLDFAST_APPLICATION_ROLE = DATABASES["default"]["USER"]
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEST_RUNNER = "django.test.runner.DiscoverRunner"

TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
SHARED_APPS = ["django_tenants", "tenants", "jobs"]
TENANT_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "accounts",
    "portal",  # before allauth: its templates are overridden by ours
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "audit",
    "providers",
    "booking",
]
INSTALLED_APPS = [
    *SHARED_APPS,
    *TENANT_APPS,
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "holdfast",
]

ROOT_URLCONF = "holdfast.urls.business"
PUBLIC_SCHEMA_URLCONF = "holdfast.urls.process"
WSGI_APPLICATION = "holdfast.wsgi.application"
MIDDLEWARE = [
    "tenants.middleware.TenantFromHost",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.security.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

# -- who is who -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
ALLAUTH_TRUSTED_PROXY_COUNT = HOLDFAST_TRUSTED_PROXIES
ACCOUNT_ADAPTER = "accounts.adapter.ClosedAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by invitation; the address is the inviter's word
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
MFA_ADAPTER = "accounts.second_factor.SealedMFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # as above: the inviter's word
MFA_TOTP_TOLERANCE = 1  # a clock that is half a minute off
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = (
    HOLDFAST_PUBLIC_SCHEME == "http"
)  # *.localhost is a secure context to browsers
MFA_FORMS = {
    "authenticate": "accounts.second_factor.CountedAuthenticateForm",
    "reauthenticate": "accounts.second_factor.CountedReauthenticateForm",
    "activate_totp": "accounts.second_factor.CountedActivateForm",
}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/portal/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HOLDFAST_PUBLIC_SCHEME == "https"
CSRF_COOKIE_SECURE = HOLDFAST_PUBLIC_SCHEME == "https"
CSRF_COOKIE_HTTPONLY = True
SILENCED_SYSTEM_CHECKS = ["security.W004"]

# No page needs a cache to answer; throttles and one-time codes live in PostgreSQL.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

# -- words, time, messages ---------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
_smtp = urlsplit(HOLDFAST_SMTP_URL)
EMAIL_HOST = _smtp.hostname or "127.0.0.1"
EMAIL_PORT = _smtp.port or {"smtp+starttls": 587, "smtps": 465}.get(_smtp.scheme, 25)
EMAIL_HOST_USER = unquote(_smtp.username or "")
EMAIL_HOST_PASSWORD = unquote(_smtp.password or "")
EMAIL_USE_SSL = _smtp.scheme == "smtps"
EMAIL_USE_TLS = _smtp.scheme == "smtp+starttls"
EMAIL_TIMEOUT = 10
if HOLDFAST_MAIL_SERVICE:
    EMAIL_BACKEND = "providers.mail.services.django.EmailBackend"
DEFAULT_FROM_EMAIL = HOLDFAST_MAIL_FROM

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("HOLDFAST_LOG_LEVEL", "INFO")},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "dramatiq": {"level": "WARNING"},
    },
}
