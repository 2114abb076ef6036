"""Tenant, Domain and Logo: the only facts about a business that stand outside its own schema."""

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin

from kernel.reasons import Reason


class Tenant(TenantMixin):  # type: ignore[misc]  # untyped base
    """One business, or the platform itself, with a schema of its own."""

    class Kind(models.TextChoices):
        BUSINESS = "business"
        PLATFORM = "platform"

    class Mode(models.TextChoices):
        """Which face clients see: meeting types of one business, or a directory of its people."""

        CLIENT_FACING = "client_facing"
        COMPANY_WIDE = "company_wide"

    class Access(models.TextChoices):
        """Who may open the client pages; what a manage link or an API key opens does not ask."""

        EVERYONE = "everyone"
        MEMBERS = "members"
        DOMAINS = "domains"

    auto_create_schema = False  # tenants.provisioning makes schemas, as the owner role
    primary_domain: str | None = (
        None  # no column: filled where the tenant is kept with its domain (middleware)
    )

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.BUSINESS)
    mode = models.CharField(max_length=16, choices=Mode.choices, default=Mode.CLIENT_FACING)
    time_zone = models.CharField(max_length=64, default="UTC")
    accent = models.CharField(max_length=7, default="#2456d6", help_text="#rrggbb")
    tagline = models.CharField(max_length=200, blank=True, default="")
    logo_digest = models.CharField(max_length=12, blank=True, default="", help_text='"" has no logo')
    access = models.CharField(max_length=10, choices=Access.choices, default=Access.EVERYONE)
    allowed_domains = models.JSONField(default=list, blank=True, help_text="mail domains, lower case")
    requires_second_factor = models.BooleanField(default=False, help_text="of owners and admins")
    created_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True, blank=True, help_text="when its schema was complete")
    paused_at = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    sandbox = models.BooleanField(default=False, help_text="made for load tests; nobody's real bookings")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="tenants_tenant_accent_is_hex", condition=models.Q(accent__regex=r"^#[0-9a-f]{6}$")
            ),
            models.CheckConstraint(
                name="tenants_tenant_schema_is_generated",
                condition=models.Q(schema_name="staff", kind="platform")
                | models.Q(schema_name__regex=r"^t_[a-z0-9]{16}$", kind="business"),
            ),
            models.CheckConstraint(
                name="tenants_tenant_access_is_known",
                condition=models.Q(access__in=["everyone", "members"])
                | (models.Q(access="domains") & ~models.Q(allowed_domains=[])),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def closed_because(self) -> Reason | None:
        """Say why it takes no bookings at all: suspended by the platform, or paused by itself; None while it does."""
        if self.suspended_at:
            return Reason.TENANT_SUSPENDED
        return Reason.TENANT_PAUSED if self.paused_at else None


class Domain(DomainMixin):  # type: ignore[misc]  # untyped base
    """A host name (without port) that leads to a tenant; links are always built from the primary one."""


class Logo(models.Model):
    """A business's logo as we encoded it; shown to everybody who opens its page, so it may stand here."""

    tenant = models.OneToOneField(Tenant, primary_key=True, on_delete=models.CASCADE, related_name="logo")
    content = models.BinaryField()
    media_type = models.CharField(max_length=20)

    def __str__(self) -> str:
        return f"logo of {self.tenant_id}"
