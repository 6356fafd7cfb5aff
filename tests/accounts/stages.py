"""People at each stage of their account, made through the services themselves, and what they leave behind."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from accounts import queries
from accounts.models import FactorReset, NoticeKind, User
from accounts.ports import Contact, FactorRule
from accounts.services import one_time_passwords, people
from core.actor import Actor, ActorKind
from core.models import AuditEvent, Mail
from core.outbox import render
from core.policies import ALLOWED, Decision, refused
from tests.signing_in import come_in_first

PASSWORD = "violet anchors drift at noon"
ADMINISTRATOR = Actor.system("tests")


@dataclass
class Upstairs:
    """Stands where ``orgs`` stands: lets in everybody who is not ``shut_out``, with what ``rule`` says, and
    remembers who came for the first time.
    """

    shut_out: set[str] = field(default_factory=set)
    completed: list[str] = field(default_factory=list)
    fails: bool = False
    rule: FactorRule = field(default_factory=lambda: FactorRule(required=False))
    contacts: dict[str, list[Contact]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def may_sign_in(self, user: User) -> bool:
        return user.user_id not in self.shut_out

    def rule_for(self, user: User) -> FactorRule:
        return self.rule

    def contacts_of(self, user: User) -> list[Contact]:
        return self.contacts.get(user.user_id, [])

    def can_look_after(self, actor: Actor, user: User) -> Decision:
        return ALLOWED if actor.is_staff or actor.kind is ActorKind.SYSTEM else refused("Not yours to look after.")

    def factor_reset_asked(self, reset: FactorReset) -> None:
        self.told.append(f"asked: {reset.user.user_id}")

    def factor_reset_done(self, reset: FactorReset) -> None:
        self.told.append(f"done: {reset.user.user_id}")

    def first_login_completed(self, user: User) -> None:
        self.completed.append(user.user_id)
        if self.fails:
            raise RuntimeError("The listener broke.")


@dataclass(frozen=True)
class Invited:
    """A person who has not been here yet, and the secret that somebody told them."""

    user: User
    secret: str


def invite(first_name: str = "Jordan", last_name: str = "Smith", email: str = "jordan.smith@hawker.example") -> Invited:
    user = people.create(ADMINISTRATOR, first_name=first_name, last_name=last_name, email=email)
    secret = one_time_passwords.generate()
    one_time_passwords.issue(ADMINISTRATOR, user=user, secret_hash=one_time_passwords.hash_of(secret))
    return Invited(user, secret)


def activate(invited: Invited, *, password: str = PASSWORD) -> User:
    visitor = Actor.anonymous(ip="198.51.100.1", request_id="request-0000")
    return come_in_first(visitor, invited.user, invited.secret, password=password)


def name_it(client: Client, identifier: str) -> Any:
    """The first page alone."""
    return client.post("/sign-in/", {"identifier": identifier, **notice_seen()})


def enter(client: Client, identifier: str, password: str = PASSWORD, *, next: str = "") -> Any:  # noqa: A002 - the field's name
    """Both pages of signing in; the answer of the last one, which is a redirect if there is more to do."""
    first = client.post("/sign-in/", {"identifier": identifier, "next": next, **notice_seen()})
    if first.status_code != 302 or first["Location"] != "/sign-in/password/":
        return first
    return client.post("/sign-in/password/", {"identifier": identifier, "password": password})


def begin_first(client: Client, identifier: str, secret: str) -> Any:
    """User ID and One-Time Password, below the notice."""
    return client.post("/first-time-login/", {"user_id": identifier, "one_time_password": secret, **notice_seen()})


def choose_password(client: Client, password: str = PASSWORD, repeated: str | None = None) -> Any:
    """The page after it: a password of one's own, twice."""
    typed = {"password": password, "repeated": password if repeated is None else repeated}
    return client.post("/first-time-login/password/", typed)


def come_through(client: Client) -> Any:
    """From the own password on, where no second factor is required: later, then the terms; the answer that opens Home."""
    assert client.post("/sign-in/set-up/", {"choice": "later"})["Location"] == "/sign-in/terms/"
    return client.post("/sign-in/terms/", terms_accepted())


def terms_accepted() -> dict[str, str]:
    """The form below the terms in force, filled in."""
    terms = queries.current_notice(NoticeKind.TERMS)
    return {"accept": "on", "version": str(terms.version) if terms else ""}


def notice_seen() -> dict[str, str]:
    """What the forms below the system-use notice send along of it."""
    notice = queries.current_notice(NoticeKind.SYSTEM_USE)
    return {"system_use": str(notice.version)} if notice else {}


def is_signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def events(action: str) -> list[AuditEvent]:
    """The audit events of one action, oldest first."""
    return list(AuditEvent.objects.filter(action=action).order_by("at"))


def mails(template: str) -> list[Mail]:
    return list(Mail.objects.filter(template=f"accounts/mail/{template}").order_by("created_at"))


def link_in(mail: Mail, path: str) -> str:
    """The one address below ``path`` that the rendered text of the mail names."""
    found: str
    (found,) = re.findall(rf"http\S*{path}\S*", render(mail).text)
    return found


def comparable(html: bytes, *typed: str) -> str:
    """A page without what differs from one request to the next: the CSRF token and what was typed."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", html.decode())
    for value in typed:
        text = text.replace(value, "TYPED")
    return text
