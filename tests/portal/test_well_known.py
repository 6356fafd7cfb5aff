"""Addresses that every site is asked for, and requests that no browser of ours would send."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

pytestmark = pytest.mark.django_db
TEN_MEGABYTES = 10 * 1024**2


def test_who_finds_a_weakness_is_told_whom_to_write_to(client: Client, settings: LazySettings) -> None:
    answer = client.get("/.well-known/security.txt")
    said = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())

    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert said["Contact"] == f"mailto:{settings.SUPPORT_EMAIL}"
    assert said["Canonical"] == f"{settings.BASE_URL}/.well-known/security.txt"
    expires = datetime.strptime(said["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(days=30) < expires - timezone.now() < timedelta(days=365)


def test_password_managers_find_the_page_that_changes_a_password(client: Client) -> None:
    assert client.get("/.well-known/change-password")["Location"] == "/account/password/"


def test_search_engines_are_asked_to_stay_out(client: Client) -> None:
    assert client.get("/robots.txt").content == b"User-agent: *\nDisallow: /\n"


def test_the_icon_that_browsers_ask_for_is_there(client: Client) -> None:
    answer = client.get("/favicon.ico", follow=True)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "testserver.evil.example"},
        {"host": "testserver@evil.example"},
        {"host": "testserver:80:80"},
        {"host": ""},
        {"host": "test server"},
    ],
)
def test_another_host_than_ours_is_refused(client: Client, headers: dict[str, str]) -> None:
    answer = client.get("/sign-in/", headers=headers)
    assert answer.status_code == 400
    assert b"evil.example" not in answer.content
    assert answer["X-Request-ID"] in answer.content.decode()


@pytest.mark.parametrize("name", ["x-forwarded-host", "forwarded", "x-host", "x-original-url", "x-rewrite-url"])
def test_nobody_talks_the_gateway_into_another_host_or_page(client: Client, name: str) -> None:
    value = {"forwarded": "host=evil.example"}.get(name, "/admin/" if name.endswith("url") else "evil.example")
    answer = client.get("/account/", headers={name: value})
    assert answer["Location"] == "/sign-in/?next=/account/"


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    r"/\evil.example",
    r"\\evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http://testserver@evil.example/",
    "javascript:alert(1)",
    "data:text/html,hello",
    "/\t/evil.example",
    "\x01https://evil.example",
]


@pytest.mark.parametrize("destination", ELSEWHERE)
def test_signed_in_people_are_sent_nowhere_else(client: Client, clerk: object, destination: str) -> None:
    for address in ("/sign-in/", "/admin/login/", "/first-time-login/"):
        answer = client.get(address, {"next": destination})
        if answer.status_code == 302:
            assert answer["Location"].startswith("/")
            assert "evil" not in answer["Location"]


@pytest.mark.parametrize("address", ["/sign-in/", "/sign-in/password/", "/first-time-login/", "/register/", "/join/"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_form_of_ten_megabytes_is_refused_with_a_page(address: str, kind: str, settings: LazySettings) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    head, tail = (b"a=", b"") if "urlencoded" in kind else (FIELD, b"\r\n--x--\r\n")
    answer = client.post(address, head + b"x" * TEN_MEGABYTES + tail, content_type=kind)
    assert answer.status_code == 413
    assert answer["X-Request-ID"] in answer.content.decode()


def test_a_form_of_very_many_fields_is_refused_with_a_page(client: Client) -> None:
    answer = client.post("/sign-in/", "&".join(f"f{n}=" for n in range(5000)), content_type=FORM)
    assert answer.status_code in {400, 413}
    assert answer["X-Request-ID"] in answer.content.decode()


FORM = "application/x-www-form-urlencoded"
FIELD = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
