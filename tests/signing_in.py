"""How tests get people in, where what is tested comes after it."""

from __future__ import annotations

from dataclasses import replace

from django.test import Client

from accounts import queries
from accounts.models import NoticeKind, User
from accounts.services import first_login, notices, people, sign_in
from accounts.services.under_way import SignInUnderWay
from core.actor import Actor
from orgs.models import SecondFactorRule

PASSWORD = "violet anchors drift at noon"
VISITOR = Actor.anonymous(ip="198.51.100.1", request_id="request-0000")


def let_in_by_password() -> None:
    """From now on the operator asks nobody for a second factor."""
    SecondFactorRule.objects.update_or_create(organization=None, application=None, defaults={"required": False})


def fresh(who: User) -> Client:
    """A browser in whose session the password was just shown."""
    who.set_password(PASSWORD)
    who.save()
    client = Client()
    client.force_login(who)
    assert client.post("/account/confirm/", {"password": PASSWORD}).status_code == 302
    return client


def come_in_first(visitor: Actor, user: User, secret: str, *, password: str) -> User:
    """First-Time Login from the One-Time Password to Home, where no second factor is required."""
    begun = first_login.begin(visitor, user_id=user.user_id, secret=secret)
    chosen = first_login.choose_password(visitor, sign_in=begun, password=password)
    return _through(visitor, replace(chosen, postponed=True), user)


def _through(visitor: Actor, sign_in_under_way: SignInUnderWay, user: User) -> User:
    terms = queries.unaccepted_notice(NoticeKind.TERMS, user)
    if terms is not None:
        notices.accept(people.acting(user, seen=visitor), user=user, notice=terms)
    return sign_in.complete(visitor, sign_in=sign_in_under_way)
