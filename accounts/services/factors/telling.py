"""Telling the owner of an account by mail what was done to its second factors."""

from __future__ import annotations

from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User
from core import outbox


def owner(user: User, template: str, **words: str | int) -> None:
    """Mail ``user`` at the address of their account. Such mails cannot be switched off."""
    context = {
        "name": user.first_name,
        "user_id": user.user_id,
        "at": date_format(timezone.now(), "j F Y, H:i") + " UTC",
        **words,
    }
    links = {"security": outbox.Link("accounts:my-account"), "help": outbox.Link("accounts:help-login")}
    outbox.enqueue(f"accounts/mail/{template}", to=user.email, language=user.language, context=context, links=links)
