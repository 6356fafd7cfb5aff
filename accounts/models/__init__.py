from accounts.models.one_time_password import OneTimePassword
from accounts.models.user import User, UserState

__all__ = ["OneTimePassword", "User", "UserState"]
