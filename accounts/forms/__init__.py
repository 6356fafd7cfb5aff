"""Forms of the front door and of My Account."""

from accounts.forms.assistance import ForgotPasswordForm, ForgotUserIdForm
from accounts.forms.passwords import ChangePasswordForm, OwnPasswordForm
from accounts.forms.sign_in import FirstTimeLoginForm, IdentifierForm, PasswordForm, TermsForm

__all__ = [
    "ChangePasswordForm",
    "FirstTimeLoginForm",
    "ForgotPasswordForm",
    "ForgotUserIdForm",
    "IdentifierForm",
    "OwnPasswordForm",
    "PasswordForm",
    "TermsForm",
]
