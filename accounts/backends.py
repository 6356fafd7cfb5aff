"""How Django finds who somebody is, and what the operator's staff may do in the back office."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, check_password
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from accounts import queries
from accounts.models import User, UserState

# The states in which a right password counts for something.
WITH_PASSWORD = (UserState.ACTIVE, UserState.FIRST_LOGIN)


class UserIdOrEmailBackend(ModelBackend):
    """Knows people by User ID or e-mail address, in any case, while they are active or have chosen their password and are on
    their way to it.

    The active operator staff hold every permission of the back office: what can be done there at all is said by the admin
    class of each object. Nobody else holds any, so there are no groups to keep in step.
    """

    def authenticate(
        self,
        request: HttpRequest | None,  # noqa: ARG002 - Django's signature
        username: str | None = None,
        password: str | None = None,
        **_: Any,
    ) -> User | None:
        """The active person of this name and password. An unknown name costs as much time as a wrong password."""
        if username is None or password is None:
            return None
        user = queries.user_by_identifier(username)
        if user is None:
            check_password(password, UNUSABLE_PASSWORD_PREFIX)
            return None
        return user if user.check_password(password) and user.state in WITH_PASSWORD else None

    def has_perm(
        self,
        user_obj: AbstractBaseUser | AnonymousUser,
        perm: str,  # noqa: ARG002 - Django's signature
        obj: object = None,  # noqa: ARG002 - Django's signature
    ) -> bool:
        return _is_active_staff(user_obj)

    def has_module_perms(self, user_obj: AbstractBaseUser | AnonymousUser, app_label: str) -> bool:  # noqa: ARG002 - Django's signature
        return _is_active_staff(user_obj)


def _is_active_staff(user: AbstractBaseUser | AnonymousUser) -> bool:
    return isinstance(user, User) and user.is_active and user.is_staff
