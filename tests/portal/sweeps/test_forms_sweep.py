"""Nothing changes by looking, and nothing changes by a form that another site sent: every address, everybody."""

from __future__ import annotations

import pytest

from tests.portal.sweeps.walk import Answer, Walk

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900)]

AUDIT = "core_auditevent"
# Whose headers may be asked for without a record of a download.
DOWNLOADS = {
    "/sft/packages/<uuid:package_id>/files/<uuid:pk>/download/",
    "/sft/packages/<uuid:pk>/zip/",
}
# What a look may write beside its own session, and why.
WRITTEN_BY_A_LOOK = {
    # That it was fetched, by whom, and how far.
    **{route: {AUDIT, "transfers_fetchedspan"} for route in DOWNLOADS},
    # That somebody who is none of the operator's staff was at the door.
    "/admin/login/": {AUDIT},
    # That it was opened, by whom.
    "/applications/<slug:code>/open/": {AUDIT},
    # A puzzle is a row; it ends by itself.
    "/register/": {"captcha_captchastore"},
    # The same, and that the link was seen for the first time: it uses nothing up and nobody gets further by it.
    "/invitation/<str:token>/": {"captcha_captchastore", "orgs_invitation", AUDIT},
}
# What takes a form without the token of the page, and why. (Files of a package are taken off the line before the token is
# looked at, and none is kept without it: tests/transfers/test_plain_form.py.)
WITHOUT_TOKEN = {
    # Browsers send reports by themselves. Nothing is written but a line in the log, and few of those.
    "/csp-report/": "400",
    # A door for programs says first that it does not know the verb.
    "/transfers/uploads/<uuid:pk>/": "405",
}
TOKEN = "a" * 32
WITH_TOKEN = f"csrfmiddlewaretoken={TOKEN}".encode()


def who_gets_furthest(route: str) -> str:
    if route.startswith("/admin/"):
        return "staff"
    if route.startswith("/register/<uuid"):
        return "registrant"
    return "user" if route.startswith(("/sft/", "/transfers/", "/account/")) else "oa"


def may_be_written(answer: Answer) -> set[str]:
    """A refusal is itself an event."""
    refused = {AUDIT} if answer.status in {403, 429} else set()
    return WRITTEN_BY_A_LOOK.get(answer.route, set()) | refused


def test_a_look_changes_nothing(walk: Walk) -> None:
    for answer in (answer for route in walk.routes() for answer in walk.at(route, "GET")):
        assert answer.writes <= may_be_written(answer), f"{answer} writes {sorted(answer.writes)}"


def test_a_look_at_the_headers_changes_nothing(walk: Walk) -> None:
    for route in walk.routes():
        answer = walk.ask(route, who_gets_furthest(route), "HEAD")
        allowed = set() if route in DOWNLOADS else may_be_written(answer)
        assert answer.writes <= allowed, f"{answer} writes {sorted(answer.writes)}"


def test_a_form_without_the_token_of_its_page_does_nothing(walk: Walk) -> None:
    for route in walk.routes():
        answer = walk.ask(route, who_gets_furthest(route), "POST", checks=True)
        assert answer.word == WITHOUT_TOKEN.get(route, "403"), str(answer)
        assert answer.writes <= {AUDIT}, str(answer)


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
def test_other_verbs_need_the_token_too(walk: Walk, verb: str) -> None:
    for route in ("/transfers/uploads/<uuid:pk>/", "/account/", "/sign-out/", "/admin/"):
        answer = walk.ask(route, "user", verb, checks=True)
        knows_it = not route.startswith("/transfers/") or verb == "DELETE"
        assert (answer.status, answer.writes) == (403 if knows_it else 405, frozenset()), str(answer)


OWN, EVIL = "https://testserver", "https://evil.example"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": OWN}, 302),
        ({"referer": f"{OWN}/account/"}, 302),
        ({}, 403),
        ({"origin": EVIL}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://testserver"}, 403),
        ({"referer": f"{EVIL}/{OWN}"}, 403),
        ({"referer": "http://testserver/account/"}, 403),
        ({"origin": EVIL, "referer": f"{OWN}/account/"}, 403),
    ],
)
def test_the_token_counts_only_from_our_own_pages(walk: Walk, headers: dict[str, str], status: int) -> None:
    browser = walk.browser("user", checks=True)
    browser.cookies["__Host-csrf"] = TOKEN
    answer = browser.send("POST", "/sign-out/", WITH_TOKEN, headers=headers)
    assert answer.status_code == status
