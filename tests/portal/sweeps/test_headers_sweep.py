"""Every answer of every address to everybody: its headers, its cookies, and whether anything may keep it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest

from accounts.models import User
from core import throttles
from core.errors import Unavailable
from tests.portal.sweeps.walk import Answer, Walk

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900)]

EVERYWHERE = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# What holds nothing of anybody and may be kept.
KEPT = {
    "/theme.css": "max-age=3600, public",
    "/favicon.ico": "max-age=86400, public",
    "/robots.txt": "max-age=86400, public",
    "/.well-known/security.txt": "max-age=3600, public",
    "/register/address-rules/": "max-age=86400, public",
}
DOWNLOADS = {"/sft/packages/<uuid:package_id>/files/<uuid:pk>/download/", "/sft/packages/<uuid:pk>/zip/"}
# Cookies that the gateway has, and how long each may stay in the browser, in seconds; None: as long as the browser is open.
COOKIES = {
    "__Host-session": 3600,
    "__Host-csrf": 366 * 86400,
    "__Host-device": 366 * 86400,
    "__Host-hand-over": 120,
}


@pytest.fixture(scope="module")
def answers(walk: Walk) -> list[Answer]:
    return walk.all()


def test_every_answer_says_how_it_is_to_be_treated(answers: list[Answer]) -> None:
    for answer in answers:
        for name, value in EVERYWHERE.items():
            assert answer.headers.get(name) == value, f"{answer}: {name}"
        assert "camera=()" in answer.headers["Permissions-Policy"], str(answer)
        assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"]), str(answer)
        assert not {"Server", "X-Powered-By", "Access-Control-Allow-Origin"} & answer.headers.keys(), str(answer)


def test_every_answer_has_a_content_security_policy_that_leaves_no_door_open(answers: list[Answer]) -> None:
    for answer in answers:
        policy = directives(answer.headers["Content-Security-Policy"])
        if answer.route in DOWNLOADS and answer.status == 200:
            assert "sandbox" in policy, str(answer)
            continue
        for name in ("default-src", "object-src", "base-uri", "frame-ancestors"):
            assert policy[name] == "'none'", f"{answer}: {name}"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'", str(answer)
        assert policy["report-uri"] == "/csp-report/", str(answer)
        assert not re.search(r"unsafe-|\*|https?:(?!//)|nonce-", answer.headers["Content-Security-Policy"]), str(answer)


def directives(policy: str) -> dict[str, str]:
    return {name: value for name, _, value in (part.strip().partition(" ") for part in policy.split(";")) if name}


def test_nothing_keeps_an_answer_but_what_is_the_same_for_everybody(answers: list[Answer]) -> None:
    for answer in answers:
        said = answer.headers["Cache-Control"]
        if answer.route in KEPT and answer.verb == "GET":
            assert sorted(said.split(", ")) == sorted(KEPT[answer.route].split(", ")), str(answer)
            assert answer.cookies == {}, str(answer)
        else:
            assert "no-store" in said, f"{answer}: {said}"


def test_every_cookie_is_of_this_host_alone_and_out_of_reach_of_scripts(walk: Walk, answers: list[Answer]) -> None:
    seen = set()
    for answer in [*answers, *answers_with_cookies(walk)]:
        for name, cookie in answer.cookies.items():
            seen.add(name)
            assert name in COOKIES, f"{answer} sets {name}: list it here, with how long it may stay."
            assert name.startswith("__Host-"), str(answer)
            is_deleted = cookie["max-age"] == 0
            assert (bool(cookie["secure"]), bool(cookie["httponly"] or is_deleted)) == (True, True), f"{answer}: {name}"
            assert (cookie["path"], cookie["domain"]) == ("/", ""), f"{answer}: {name}"
            assert cookie["samesite"] in {"Lax", "Strict"}, f"{answer}: {name}"
            assert int(cookie["max-age"] or 0) <= COOKIES[name], f"{answer}: {name}"
    assert {"__Host-session", "__Host-csrf", "__Host-hand-over"} <= seen


def test_no_cookie_says_whose_it_is(walk: Walk, answers: list[Answer]) -> None:
    people = [
        word.lower()
        for user in User.objects.all()
        for word in (user.user_id, user.email, user.last_name, str(user.pk), user.pk.hex)
    ]
    for answer in [*answers, *answers_with_cookies(walk)]:
        for name, cookie in answer.cookies.items():
            for said in readings(cookie["value"]):
                assert not [word for word in people if word in said.lower()], f"{answer}: {name}"


def readings(value: str) -> Iterator[str]:
    """What somebody who looks at a cookie can read in it."""
    yield value
    for part in re.split(r"[^A-Za-z0-9_=-]", value):
        yield base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("latin-1") if len(part) % 4 != 1 else ""


def answers_with_cookies(walk: Walk) -> list[Answer]:
    """Answers to forms that are filled in."""
    one_time_password = "/administration/users/<uuid:pk>/one-time-password/"
    return [
        walk.ask(one_time_password, "oa", "POST", b"generate=1"),
        walk.ask("/register/<uuid:pk>/one-time-password/", "registrant", "POST", b"generate=1"),
    ]


def test_signing_out_clears_what_the_browser_kept(walk: Walk) -> None:
    for role, route in (("user", "/sign-out/"), ("staff", "/sign-out/"), ("staff", "/admin/logout/")):
        answer = walk.ask(route, role, "POST")
        assert answer.headers["Clear-Site-Data"] == '"cache", "storage"', str(answer)
        assert answer.cookies["__Host-session"]["value"] != walk.world.sessions[role], str(answer)


# --- Statuses that nobody gets by asking politely -----------------------------------------------------------------------
def broken(*_: object, **__: object) -> None:
    raise RuntimeError("secret internals")


def unavailable(*_: object, **__: object) -> None:
    raise Unavailable


@pytest.mark.parametrize(("fault", "status"), [(broken, 500), (unavailable, 503)])
def test_a_page_that_breaks_is_treated_as_any_other(
    walk: Walk, monkeypatch: pytest.MonkeyPatch, fault: object, status: int
) -> None:
    monkeypatch.setattr(throttles, "hit", fault)
    answer = walk.ask("/forgot-user-id/", "anonymous", "POST", b"email=kim@newco.example")
    assert answer.status == status
    test_every_answer_says_how_it_is_to_be_treated([answer])
    test_every_answer_has_a_content_security_policy_that_leaves_no_door_open([answer])
    test_nothing_keeps_an_answer_but_what_is_the_same_for_everybody([answer])


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/nowhere/", {}, 404),
        ("/static/nowhere.js", {}, 404),
        ("/sign-in", {}, 301),
        ("/sign-in/?next=%00", {}, 400),
        ("/sign-in/", {"host": "evil.example"}, 400),
        ("/static/mark.svg", {}, 200),
        ("/static/js/main.js", {}, 200),
        ("/static/mark.svg", {"if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}, 304),
    ],
)
def test_what_no_view_answers_carries_the_headers_too(
    walk: Walk, path: str, headers: dict[str, str], status: int
) -> None:
    answer = walk.browser("anonymous").send("GET", path, headers=headers)
    assert answer.status_code == status
    missing = {name: value for name, value in EVERYWHERE.items() if answer.headers.get(name) != value}
    assert not (missing if status != 304 else {}), path
    assert "Permissions-Policy" in answer.headers


def test_who_comes_without_https_is_sent_to_it(walk: Walk) -> None:
    answer = walk.browser("anonymous").send("GET", "/sign-in/?next=/sft/", secure=False)
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/sign-in/?next=/sft/")
    assert answer["X-Content-Type-Options"] == "nosniff"
