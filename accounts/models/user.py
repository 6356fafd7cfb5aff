from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone


class UserState(models.TextChoices):
    INVITED = "invited", "Invited"
    FIRST_LOGIN = "first_login", "First-Time Login under way"
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    CLOSED = "closed", "Closed"


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(user_id=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Rows are never deleted, so a User ID is never given to somebody else.

    ``is_staff`` marks the operator's staff, who work in Django admin and belong to no organisation.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user_id = models.CharField("User ID", max_length=64)
    email = models.EmailField("e-mail", max_length=254)
    first_name = models.CharField("first name", max_length=80)
    last_name = models.CharField("last name", max_length=80)
    phone = models.CharField("phone", max_length=32, blank=True)
    state = models.CharField(max_length=16, choices=UserState, default=UserState.INVITED)
    is_staff = models.BooleanField("operator staff", default=False)
    language = models.CharField("language", max_length=12, default="en")
    time_zone = models.CharField("time zone", max_length=64, default="UTC")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "user_id"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email", "first_name", "last_name"]

    class Meta:
        ordering = ("last_name", "first_name", "id")
        constraints = [
            models.UniqueConstraint(fields=["user_id"], name="user_id_once"),
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
            models.CheckConstraint(condition=Q(state__in=UserState.values), name="user_state_known"),
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="user_by_time")]

    def __str__(self) -> str:
        return f"{self.full_name} ({self.user_id})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Whether this person may sign in; what Django's authentication asks."""
        return self.state == UserState.ACTIVE

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.first_name
