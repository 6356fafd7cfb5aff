from __future__ import annotations

from datetime import timedelta

import pytest
from captcha.models import CaptchaStore
from django.conf import settings
from django.test import Client
from django.utils import timezone

from orgs.captcha import ALPHABET, challenge
from orgs.models import Registration
from tests.concurrency import at_once
from tests.orgs.registrant import Registrant, captcha_key

pytestmark = pytest.mark.django_db


def answer_of(key: str) -> str:
    return str(CaptchaStore.objects.get(hashkey=key).response)


def test_right_answer_begins_a_draft(registrant: Registrant) -> None:
    response = registrant.answer_captcha("/register/")

    registration = Registration.objects.get()
    assert response.headers["Location"] == f"/register/{registration.pk}/welcome/"


def test_wrong_answer_begins_nothing_and_shows_a_new_image() -> None:
    client = Client()
    key = captcha_key(client.get("/register/"))

    page = client.post("/register/", {"captcha_0": key, "captcha_1": "nonsense"})

    assert "Here is a new image" in page.content.decode()
    assert captcha_key(page) != key
    assert not Registration.objects.exists()


def test_a_wrong_answer_uses_the_challenge_up() -> None:
    client = Client()
    key = captcha_key(client.get("/register/"))
    right = answer_of(key)
    client.post("/register/", {"captcha_0": key, "captcha_1": "nonsense"})

    page = client.post("/register/", {"captcha_0": key, "captcha_1": right})

    assert page.status_code == 422
    assert not Registration.objects.exists()


def test_a_right_answer_works_once() -> None:
    client = Client()
    key = captcha_key(client.get("/register/"))
    answer = {"captcha_0": key, "captcha_1": answer_of(key)}
    assert client.post("/register/", answer).status_code == 302

    assert client.post("/register/", answer).status_code == 422
    assert Registration.objects.count() == 1


def test_an_empty_answer_says_what_to_do() -> None:
    client = Client()
    key = captcha_key(client.get("/register/"))

    page = client.post("/register/", {"captcha_0": key, "captcha_1": " "})

    assert "Enter the characters of the image." in page.content.decode()


@pytest.mark.parametrize("field", ["captcha_0", "captcha_1"])
def test_a_nul_is_an_answer_like_another(field: str) -> None:
    client = Client()
    key = captcha_key(client.get("/register/"))

    page = client.post("/register/", {"captcha_0": key, "captcha_1": "nonsense", field: "a\0b"})

    assert page.status_code == 422
    assert "Here is a new image" in page.content.decode()


@pytest.mark.parametrize(("late", "status"), [(-1, 302), (1, 422)])
def test_a_challenge_expires_to_the_second(late: int, status: int) -> None:
    client = Client()
    key = captcha_key(client.get("/register/"))
    CaptchaStore.objects.filter(hashkey=key).update(
        expiration=timezone.now() - timedelta(seconds=late, milliseconds=-500)
    )

    assert client.post("/register/", {"captcha_0": key, "captcha_1": answer_of(key)}).status_code == status


def test_new_image_replaces_the_image_and_complains_of_nothing() -> None:
    client = Client()
    key = captcha_key(client.get("/register/"))

    page = client.post("/register/", {"captcha_0": key, "captcha_1": "", "another_image": "1"})

    assert captcha_key(page) != key
    assert "Please check what you entered" not in page.content.decode()


def test_a_person_has_more_than_five_minutes() -> None:
    assert settings.CAPTCHA_TIMEOUT > 5
    assert settings.CAPTCHA_TEST_MODE is False


def test_the_image_can_be_loaded() -> None:
    client = Client()
    key = captcha_key(client.get("/register/"))

    image = client.get(f"/captcha/image/{key}/")

    assert image.headers["Content-Type"] == "image/png"


def test_the_challenge_has_no_letters_that_look_alike() -> None:
    shown, answer = challenge()

    assert len(shown) == settings.CAPTCHA_LENGTH
    assert answer == shown.lower()
    assert not set("0OQ1I5S8B2Z") & set(ALPHABET)


@pytest.mark.django_db(transaction=True)
def test_one_right_answer_sent_eight_times_at_once_begins_one_draft() -> None:
    key = captcha_key(Client().get("/register/"))
    answer = {"captcha_0": key, "captcha_1": answer_of(key)}

    at_once([lambda: Client().post("/register/", answer)] * 8)

    assert Registration.objects.count() == 1
