"""The captcha: one answer for each challenge."""

from __future__ import annotations

from typing import Any

from captcha.conf import settings as captcha_settings
from captcha.fields import CaptchaField, CaptchaTextInput
from captcha.models import CaptchaStore
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

WRONG = "These are not the characters of the image, or its time was over. Here is a new image: enter its characters."


class ChallengeInput(CaptchaTextInput):  # type: ignore[misc] # captcha is untyped
    """Image, a sound where the operator has configured one, and the field for the answer."""

    template_name = "orgs/wizard/captcha_widget.html"


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

    @property
    def has_sound(self) -> bool:
        return bool(captcha_settings.CAPTCHA_FLITE_PATH)
