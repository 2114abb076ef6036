"""The tables of accounts: who signs in (`User`), what calls the API (`ApiKey`), who guesses, who visits."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class Role(models.TextChoices):
    """What a user may see: an owner and an admin everything, a host the bookings of one host."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    HOST = "host", "Host"


class UserManager(BaseUserManager["User"]):
    """Makes users; sign-up is closed, so this (called by onboarding and by invitations) is the only door."""

    def create_user(
        self, email: str, *, name: str, role: str, host_id: int | None = None, password: str | None = None
    ) -> "User":
        """Store and return a user; without `password` the account waits for its first password reset.

        Raises ValueError without an address, IntegrityError when the address is taken in this tenant.
        """
        if not email.strip():
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email, name=name, role=role, host_id=host_id)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the user with this address in any case; raises User.DoesNotExist."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person who signs in to this tenant's portal, known by an e-mail address kept in lower case."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=10, choices=Role.choices)
    host_id = models.BigIntegerField(null=True, blank=True)  # a booking resource; accounts may not import it
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    looked_at = models.DateTimeField(null=True, editable=False)  # accounts.visits
    looked_before_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name", "role"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="accounts_user_email_lower"
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="accounts_user_role_known"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the user with its address in lower case: two spellings must not be two accounts."""
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)

    @property
    def sees_everything(self) -> bool:
        """True for owners and admins; a host sees only what concerns `host_id`."""
        return self.role in (Role.OWNER, Role.ADMIN)


class Invitation(models.Model):
    """Somebody who was asked in and has not answered yet, or has; one open one per address."""

    email = models.EmailField()
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=10, choices=Role.choices)
    host_id = models.BigIntegerField(null=True, blank=True)  # the host that will be theirs
    version = models.PositiveIntegerField(default=0)  # a new mail makes older links void
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="accounts_invitation_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="accounts_invitation_email_lower"
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"

    @property
    def is_open(self) -> bool:
        """True until it is accepted or withdrawn; it may have run out all the same."""
        return self.accepted_at is None and self.withdrawn_at is None


class ApiKey(models.Model):
    """A secret that calls the API for this tenant; only its SHA-256 is kept, the prefix names it in lists."""

    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True)
    hashed_secret = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="api_keys")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Throttle(models.Model):
    """How often something was tried in its window; the key is a SHA-256, never a name or an address."""

    key = models.CharField(max_length=64, primary_key=True)
    window_started_at = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.key[:8]}… {self.count}"


class VisitorCode(models.Model):
    """The one live code that proves a visitor's address; keyed digests only, neither address nor code."""

    address_key = models.CharField(max_length=64, primary_key=True)
    hashed_code = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
    attempts_left = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return f"code for {self.address_key[:8]}…"
