"""Who gets in where: every address of the URL conf, for everybody who can ask, looking and sending an empty form.

``access.txt`` holds what is expected. An address that it does not list fails, and the message is the row to check and to add.
"""

from __future__ import annotations

import pytest

from tests.portal.sweeps.routes import routes
from tests.portal.sweeps.table import FILE, NOT_THERE, VERBS, Table, listed, row, words_of
from tests.portal.sweeps.walk import Walk
from tests.portal.sweeps.world import ROLES

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900)]

TABLE = listed()
SENT_AWAY = {"sign-in", "401", "403", "404", "405"}
# Whoever has not signed in may open what begins so.
FRONT_DOOR = (
    "/sign-in/",
    "/sign-out/",
    "/admin/logout/",
    "/first-time-login/",
    "/forgot-password/",
    "/forgot-user-id/",
    "/not-me/",
    "/terms/",
    "/email-change/",
    "/help/",
    "/invitation/",
    "/register/",
    "/registration/",
    "/join/",
    "/captcha/",
    "/csp-report/",
    "/theme.css",
    "/favicon.ico",
    "/robots.txt",
    "/.well-known/",
    "/healthz",
    "/readyz",
)
# Leads on to Home, which asks.
FRONT = "/"
# What somebody in the middle of signing in gets to and a visitor does not.
SETTING_UP = ("/sign-in/", "/first-time-login/")
# What belongs to one organisation or one person: others find nothing.
OF_SOMEBODY = ("/administration/", "/received-invitations/", "/sft/packages/", "/transfers/uploads/")
# These answer everybody who has signed in with what is their own, if anything.
OF_THE_CALLER = ("/transfers/uploads/", "/transfers/uploads/states/")
WORKROOMS = ("/administration/", "/sft/", "/transfers/", "/received-invitations/")


def is_open(route: str) -> bool:
    return route == FRONT or route.startswith(FRONT_DOOR)


def test_everybody_is_answered_as_the_table_says(walk: Walk) -> None:
    wrong = [said for route in routes() if (said := what_is_wrong(walk, route))]
    assert not wrong, "\n\n".join([f"{len(wrong)} addresses:", *wrong])


def what_is_wrong(walk: Walk, route: str) -> str:
    """Nothing, or what to do about it."""
    try:
        found: Table = {(route, verb): words_of(walk.at(route, verb)) for verb in VERBS}
    except LookupError as nothing_there:
        return str(nothing_there)
    rows = "\n".join(row(*key, words) for key, words in found.items() if words != NOT_THERE)
    if not any((route, verb) in TABLE for verb in VERBS):
        return f"{FILE.name} does not list {route}. Is this right for everybody? Then add it:\n{rows}"
    if found != {key: TABLE.get(key, NOT_THERE) for key in found}:
        return f"{route} answers otherwise than {FILE.name} says. It is now, for {', '.join(ROLES)}:\n{rows}"
    return ""


def test_the_table_lists_no_address_that_is_gone() -> None:
    assert {route for route, _ in TABLE} <= set(routes())


def test_nothing_breaks() -> None:
    assert not [key for key, words in TABLE.items() if any(word.startswith("5") for word in words)]


def test_a_visitor_gets_through_the_front_door_only() -> None:
    let_in = {route for (route, _), words in TABLE.items() if words[0] not in SENT_AWAY}
    assert not [route for route in let_in if not is_open(route)]


def test_in_the_middle_of_signing_in_one_is_a_visitor_but_for_the_pages_that_set_up() -> None:
    more = {route for (route, _), words in TABLE.items() if words[ROLES.index("half")] != words[0]}
    assert not [route for route in more if not route.startswith(SETTING_UP)]


def test_within_the_wizard_one_is_a_visitor_everywhere_else() -> None:
    more = {route for (route, _), words in TABLE.items() if words[ROLES.index("registrant")] != words[0]}
    assert not [route for route in more if not route.startswith("/register/<uuid:pk>/")]


def test_the_back_office_is_the_operators_alone() -> None:
    for (route, _), words in TABLE.items():
        if route.startswith("/admin/") and not is_open(route):
            assert set(words[: ROLES.index("staff")]) == {"sign-in"}, route


def test_the_operators_staff_work_in_no_organisation() -> None:
    public = "/administration/invitations/many/template.csv"
    for (route, _), words in TABLE.items():
        if route.startswith(WORKROOMS) and route not in {public, *OF_THE_CALLER}:
            assert words[ROLES.index("staff")] in {"403", "404", "405"}, route


def test_what_is_one_organisations_is_not_there_for_another() -> None:
    for (route, verb), words in TABLE.items():
        if route.startswith(OF_SOMEBODY) and "<uuid" in route:
            theirs, others = words[ROLES.index("oa")], words[ROLES.index("other")]
            assert others in {"403", "404", "405"}, (verb, route)
            assert others != "403" or theirs == "403", f"{verb} {route} tells a stranger that it is there"


def test_what_is_ones_own_is_not_there_for_anybody_else() -> None:
    for (route, verb), words in TABLE.items():
        if route.startswith("/account/") and "<uuid" in route:
            assert set(words[ROLES.index("aa") :]) <= {"404", "405"}, (verb, route)


VERBS_NOBODY_OFFERS = ("PUT", "PATCH", "DELETE")
GIVES_UP_AN_UPLOAD = ("/transfers/uploads/<uuid:pk>/", "DELETE")


@pytest.mark.parametrize("verb", VERBS_NOBODY_OFFERS)
def test_other_verbs_change_nothing(walk: Walk, verb: str) -> None:
    for route in walk.routes():
        if (route, verb) == GIVES_UP_AN_UPLOAD:
            continue
        answer = walk.ask(route, "staff" if route.startswith("/admin/") else "user", verb)
        assert answer.status < 500, str(answer)
        assert answer.writes <= {"core_auditevent"}, str(answer)
