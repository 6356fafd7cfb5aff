"""Somebody who asks to join: a browser that follows the pages and the mails."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

from orgs.models import JoinRequest, Organization
from tests.orgs import world as worlds

PERSON = {
    "first_name": "Nia",
    "last_name": "Obi",
    "email": "nia@aurora.example",
    "phone": "",
    "message": "I work in design.",
}


def with_domain(organization: Organization, *domains: str) -> Organization:
    Organization.objects.filter(pk=organization.pk).update(email_domains=list(domains))
    organization.refresh_from_db()
    return organization


def suggested(joiner: Joiner) -> list[str]:
    """The keys of the organisations on offer."""
    page = joiner.client.get(joiner.page).content.decode()
    return re.findall(r'name="suggested"[^>]*value="([0-9a-f-]+)"', page) or re.findall(
        r'value="([0-9a-f-]{36})"[^>]*name="suggested"', page
    )


class Joiner:
    def __init__(self, address: str = "203.0.113.50") -> None:
        self.client = Client(REMOTE_ADDR=address)
        self.page = ""

    def start(self, url: str = "/join/", **changes: str) -> Any:
        return self.client.post(url, {**PERSON, **changes})

    def open_mail(self, template: str = "join_confirm") -> Any:
        """Follow the link of the newest mail."""
        self.page = worlds.link_in(worlds.mails(template)[0], "/join/")
        return self.client.get(self.page)

    def confirm(self) -> Any:
        return self.client.post(f"{self.page}confirm/")

    def choose(self, **data: str) -> Any:
        return self.client.post(f"{self.page}organization/", data)

    def stored(self) -> JoinRequest:
        return JoinRequest.objects.latest("created_at")

    def asks(self, organization: Organization, *, template: str = "join_confirm", **changes: str) -> JoinRequest:
        """The whole way to the administrators' list."""
        assert self.start(**changes).status_code == 200
        self.open_mail(template)
        self.confirm()
        answer = self.choose(organization_id=organization.organization_id)
        assert answer.status_code == 302, answer.content.decode()
        return self.stored()
