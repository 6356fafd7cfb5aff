from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.normal_form import normal_form


class UserState(models.TextChoices):
    INVITED = "invited", "Invited"
    FIRST_LOGIN = "first_login", "First-Time Login under way"
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    CLOSED = "closed", "Closed"


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(user_id=username)


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing] # factors are of untyped classes
    """A person. Rows are never deleted, so a User ID is never given to somebody else.

    ``is_staff`` marks the operator's staff, who work in Django admin and belong to no organisation. Raising
    ``session_epoch`` ends every session of the person, as a new password does. ``first_login_at`` is when First-Time Login
    was completed, ``factor_asked_at`` when a second factor was first asked for (its grace runs from there),
    ``failed_tries`` counts wrong passwords in a row, and ``password_off_at`` is when they became too many.
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
    muted_notices = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    first_login_at = models.DateTimeField(null=True, editable=False)
    factor_asked_at = models.DateTimeField(null=True, editable=False)
    failed_tries = models.PositiveIntegerField(default=0, editable=False)
    password_off_at = models.DateTimeField(null=True, editable=False)
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

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(None if raw_password is None else normal_form(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        """Whether this is the password and it counts; one that is switched off takes as long to say no."""
        is_right = super().check_password(None if raw_password is None else normal_form(raw_password))
        return is_right and not self.password_is_off

    @property
    def password_is_off(self) -> bool:
        """Whether too many wrong passwords in a row have switched it off, written down already or not."""
        return self.password_off_at is not None or self.failed_tries >= settings.WRONG_PASSWORDS_IN_A_ROW

    def get_session_auth_hash(self) -> str:
        """What a session is bound to: the password and the epoch. Django ends a session whose hash is another."""
        return self._session_hash(None)

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._session_hash(secret)

    def _session_hash(self, secret: str | None) -> str:
        bound = f"{self.session_epoch}:{self.password}"
        return salted_hmac("accounts.User.session", bound, secret=secret, algorithm="sha256").hexdigest()

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.first_name
