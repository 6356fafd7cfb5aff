"""Somebody who registers: a browser that goes through the wizard as the pages offer it."""

from __future__ import annotations

import re
from typing import Any

from captcha.models import CaptchaStore
from django.test import Client
from django.urls import reverse

from orgs.models import Registration, RegistrationAdministrator, WizardStep
from tests.orgs.world import ONE_TIME_PASSWORD, sft

PROFILE = {
    "legal_name": "Newco Metals Ltd",
    "country": "GB",
    "address_line_1": "1 Foundry Lane",
    "city": "Sheffield",
    "postal_code": "s1 2he",
    "phone": "0114 496 0123",
    "email_domains": "newco.example, @Newco.Example",
    "contact_first_name": "Kim",
    "contact_last_name": "Novak",
    "contact_email": "kim@newco.example",
}


# Django’s test client adds what the page was made of (``context``, ``redirect_chain``).
Answer = Any


class Registrant:
    def __init__(self, address: str = "203.0.113.9") -> None:
        self.client = Client(REMOTE_ADDR=address)
        self.registration: Registration | None = None

    # --- Before the wizard ---
    def get(self, url: str) -> Answer:
        return self.client.get(url)

    def answer_captcha(self, url: str, *, answer: str | None = None) -> Answer:
        """Open the page, read the image as a person does, and press Continue."""
        key = captcha_key(self.client.get(url))
        if answer is None:
            answer = CaptchaStore.objects.get(hashkey=key).response
        response = self.client.post(url, {"captcha_0": key, "captcha_1": answer})
        if response.status_code == 302:
            self.registration = Registration.objects.latest("created_at")
        return response

    def begin(self, url: str = "/register/") -> Registration:
        response = self.answer_captcha(url)
        assert response.status_code == 302, response.content.decode()
        assert self.registration is not None
        return self.registration

    # --- Steps ---
    def url(self, step: WizardStep | str, **kwargs: Any) -> str:
        assert self.registration is not None
        return reverse(f"orgs:wizard-{step}", kwargs={"pk": self.registration.pk, **kwargs})

    def open(self, step: WizardStep | str, **kwargs: Any) -> Answer:
        return self.client.get(self.url(step, **kwargs))

    def post(self, step: WizardStep | str, data: dict[str, Any] | None = None, *, query: str = "") -> Answer:
        return self.client.post(self.url(step) + query, data or {})

    def welcome(self) -> Answer:
        return self.post(WizardStep.WELCOME)

    def profile(self, *, query: str = "", **changes: Any) -> Answer:
        data = {**PROFILE, "applications": [str(sft().pk)], **changes}
        return self.post(
            WizardStep.PROFILE, {key: value for key, value in data.items() if value is not None}, query=query
        )

    def select_oneself(self) -> Answer:
        return self.post(WizardStep.ADMINISTRATOR, {"selected": str(self.contact().pk)})

    def create_administrator(self, **changes: Any) -> Answer:
        return self.post(WizardStep.ADMINISTRATOR, {"selected": "new", **person("Petra"), **changes})

    def one_time_password(self, secret: str = ONE_TIME_PASSWORD) -> Answer:
        return self.post(WizardStep.ONE_TIME_PASSWORD, {"one_time_password": secret})

    def select_application_administrators(self, *people: RegistrationAdministrator, **more: Any) -> Answer:
        chosen = [str(entry.pk) for entry in people or (self.contact(),)]
        return self.post(WizardStep.APPLICATION_ADMINISTRATORS, {"application_sft": chosen, **more})

    def create_application_administrator(self, **changes: Any) -> Answer:
        data = {**person("Ana"), "new-one_time_password": ONE_TIME_PASSWORD, "create": "1", **changes}
        return self.post(WizardStep.APPLICATION_ADMINISTRATORS, data)

    def submit(self) -> Answer:
        return self.post(WizardStep.REVIEW)

    # --- Whole stretches ---
    def up_to(self, step: WizardStep, url: str = "/register/") -> Registration:
        """Walk from the captcha until ``step`` is the open one."""
        self.begin(url)
        walk = (
            self.welcome,
            self.profile,
            self.select_oneself,
            self.one_time_password,
            self.select_application_administrators,
        )
        for move in walk[: list(WizardStep).index(step)]:
            response = move()
            assert response.status_code == 302, response.content.decode()
        return self.stored()

    def submitted(self, url: str = "/register/") -> Registration:
        self.up_to(WizardStep.REVIEW, url)
        assert self.submit().status_code == 302
        return self.stored()

    # --- What is stored ---
    def stored(self) -> Registration:
        assert self.registration is not None
        return Registration.objects.get(pk=self.registration.pk)

    def contact(self) -> RegistrationAdministrator:
        return self.stored().administrators.get(is_contact=True)

    def named(self, first_name: str) -> RegistrationAdministrator:
        return self.stored().administrators.get(first_name=first_name)


def person(first_name: str, **changes: str) -> dict[str, str]:
    """Somebody new, as the fields of the page post them."""
    data = {"first_name": first_name, "last_name": "Ortiz", "email": f"{first_name.lower()}@newco.example", "phone": ""}
    return {f"new-{name}": value for name, value in {**data, **changes}.items()}


def captcha_key(response: Any) -> str:
    found = re.search(r'name="captcha_0" value="([0-9a-f]{40})"', response.content.decode())
    assert found, response.content.decode()
    return found.group(1)
