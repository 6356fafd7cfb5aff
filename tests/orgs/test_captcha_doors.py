"""The captcha besides its answer: how it sounds, another one in place, what is counted, and settings that would open it."""

from __future__ import annotations

import wave
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from captcha.models import CaptchaStore
from django.conf import LazySettings
from django.core.checks import run_checks
from django.test import Client
from django.utils import timezone

from orgs import captcha
from orgs.views import captcha as doors
from tests.orgs.registrant import Registrant, captcha_key

pytestmark = pytest.mark.django_db


def sound_of(key: str, **headers: Any) -> Any:
    return Client().get(f"/captcha/sound/{key}/", headers=headers)


def a_challenge(text: str = "ACDEFH") -> str:
    return str(CaptchaStore.objects.create(challenge=text, response=text.lower()).hashkey)


# --- Sound --------------------------------------------------------------------------------------------------------
def test_the_page_plays_the_same_code_that_it_shows(registrant: Registrant) -> None:
    page = registrant.get("/register/")

    address = f"/captcha/sound/{captcha_key(page)}/"
    assert f'src="{address}"' in page.content.decode()
    played = registrant.get(address)
    assert (played.status_code, played.headers["Content-Type"]) == (200, "audio/wav")
    with wave.open(BytesIO(played.content)) as sound:
        assert 4 < sound.getnframes() / sound.getframerate() < 20


def test_every_character_has_a_recording_of_every_voice() -> None:
    for voice in captcha.VOICES:
        recorded = {path.stem for path in (captcha.RECORDINGS / voice).glob("*.wav")}
        assert recorded == set(captcha.ALPHABET)


def test_one_challenge_always_sounds_the_same_and_the_same_code_of_another_different() -> None:
    one, other = a_challenge(), a_challenge()

    assert sound_of(one).content == sound_of(one).content
    assert sound_of(one).content != sound_of(other).content


def test_the_sound_depends_on_a_secret_of_the_server(settings: LazySettings) -> None:
    before = captcha.spoken("ACDEFH", key="known")
    settings.SECRET_KEY = "another secret of the server, as long as it has to be"

    assert captcha.spoken("ACDEFH", key="known") != before


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("bytes=0-1", 206, 0, 1),
        ("bytes=100-", 206, 100, None),
        ("bytes=999999999-", 416, 1, 0),
        ("bytes=-5", 200, 0, None),
        ("bytes=0-1,5-9", 200, 0, None),
        ("bytes=two-", 200, 0, None),
        ("lines=0-1", 200, 0, None),
    ],
)
def test_the_sound_comes_in_pieces_where_asked(asked: str, status: int, first: int, last: int | None) -> None:
    key = a_challenge()
    whole = sound_of(key).content
    last = len(whole) - 1 if last is None else last

    piece = sound_of(key, Range=asked)

    assert piece.status_code == status
    assert piece.content == whole[first : last + 1]
    if status == 206:
        assert piece.headers["Content-Range"] == f"bytes {first}-{last}/{len(whole)}"


@pytest.mark.parametrize("what", ["image", "sound"])
@pytest.mark.parametrize("state", ["unknown", "answered", "expired"])
def test_what_is_no_open_challenge_is_neither_shown_nor_played(what: str, state: str) -> None:
    key = "0" * 40 if state == "unknown" else a_challenge()
    if state == "answered":
        Client().post("/register/", {"captcha_0": key, "captcha_1": "wrong"})
    if state == "expired":
        CaptchaStore.objects.update(expiration=timezone.now())

    assert Client().get(f"/captcha/{what}/{key}/").status_code == 410


# --- Another one --------------------------------------------------------------------------------------------------
def test_another_challenge_without_another_page(registrant: Registrant) -> None:
    registrant.get("/register/")

    document = registrant.client.post("/captcha/another/").json()

    assert registrant.get(document["image"]).status_code == 200
    assert registrant.get(document["sound"]).status_code == 200
    answer = CaptchaStore.objects.get(hashkey=document["key"]).response
    begun = registrant.client.post("/register/", {"captcha_0": document["key"], "captcha_1": answer})
    assert begun.status_code == 302


def test_looking_makes_no_other_challenge() -> None:
    assert Client().get("/captcha/another/").status_code == 405
    assert not CaptchaStore.objects.exists()


def test_another_challenge_needs_the_page(registrant: Registrant) -> None:
    assert Client(enforce_csrf_checks=True).post("/captcha/another/").status_code == 403


def test_pictures_and_sounds_for_one_address_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "RENDERINGS", replace(doors.RENDERINGS, rate="3/hour"))
    key = a_challenge()
    client = Client(REMOTE_ADDR="203.0.113.9", headers={"Accept": "application/json"})

    answers = [
        client.get(f"/captcha/image/{key}/"),
        client.get(f"/captcha/sound/{key}/"),
        client.post("/captcha/another/"),
        client.post("/captcha/another/"),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "Wait" in answers[-1].json()["message"]


# --- Settings -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("environment", "refused"), [("production", True), ("development", True), ("test", False)])
def test_the_test_mode_is_refused_outside_of_tests(settings: LazySettings, environment: str, refused: bool) -> None:
    settings.MAG_ENV = environment
    assert "orgs.E001" not in found()

    settings.CAPTCHA_TEST_MODE = True

    assert ("orgs.E001" in found()) is refused


@pytest.mark.parametrize(("minutes", "refused"), [(4, True), (5, False)])
def test_less_than_five_minutes_is_refused(settings: LazySettings, minutes: int, refused: bool) -> None:
    settings.CAPTCHA_TIMEOUT = minutes

    assert ("orgs.E002" in found()) is refused


def test_the_answer_of_the_test_mode_opens_nothing(settings: LazySettings) -> None:
    settings.CAPTCHA_TEST_MODE = True

    assert Registrant().answer_captcha("/register/", answer="passed").status_code == 422


def found() -> set[str | None]:
    return {message.id for message in run_checks(tags=["security"])}
