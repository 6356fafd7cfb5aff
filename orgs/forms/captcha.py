"""The captcha: one answer for each challenge."""

from __future__ import annotations

from typing import Any

from captcha.fields import CaptchaField, CaptchaTextInput
from captcha.models import CaptchaStore
from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

WRONG = "These are not the characters of the image, or its time was over. Here is a new image: enter its characters."


class ChallengeInput(CaptchaTextInput):  # type: ignore[misc] # captcha is untyped
    """Image, the same read out, and the field for the answer."""

    template_name = "orgs/wizard/captcha_widget.html"

    def fetch_captcha_store(self, name: str, value: object, attrs: Any = None, generator: Any = None) -> None:  # noqa: ARG002
        self._key = CaptchaStore.generate_key()
        self._value = [self._key, ""]

    def image_url(self) -> str:
        return addresses(self._key)["image"]

    def audio_url(self) -> str:
        return addresses(self._key)["sound"]


class ChallengeField(CaptchaField):  # type: ignore[misc] # captcha is untyped
    """Takes the challenge away with the first answer, right or wrong, also when two answers come at once."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=ChallengeInput(), **options)

    def clean(self, value: list[str | None]) -> str:
        key, answer = ((part or "").replace("\0", "").strip() for part in (value or ["", ""])[:2])
        CaptchaStore.remove_expired()
        challenge = CaptchaStore.objects.filter(hashkey=key, expiration__gt=timezone.now()).first()
        taken = CaptchaStore.objects.filter(pk=challenge.pk).delete()[0] if challenge else 0
        if not answer:
            raise ValidationError("Enter the characters of the image.")
        if not taken or challenge.response != answer.lower():
            raise ValidationError(WRONG)
        return key


class CaptchaForm(forms.Form):
    """The one question before the wizard."""

    captcha = ChallengeField(label="Enter Captcha code", help_text="")


def addresses(key: str) -> dict[str, str]:
    """Where the image of a challenge is, and its sound."""
    return {
        "image": reverse("orgs:captcha-image", kwargs={"key": key}),
        "sound": reverse("orgs:captcha-sound", kwargs={"key": key}),
    }
