"""Who gets through which door: every address of this room, for everybody there is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from orgs.catalogue import SFT
from sft.models import AccessGrant, Package
from sft.services import access, delivery
from sft.urls import urlpatterns
from sft.views import archives, packages
from tests.sft import world as worlds
from tests.sft.uploading import add_upload, tell_stored
from tests.sft.world import World, acting, asking, draft

pytestmark = pytest.mark.django_db

BrowserOf = Callable[[object], Client]
PEOPLE = ("owner", "decider", "sender", "newcomer", "recipient", "stranger", "strange_decider")
MEMBERS = frozenset(PEOPLE)
# Hanna is the only administrator of her company, so she decides on its access as well.
DECIDERS = frozenset({"decider", "recipient", "strange_decider"})
WITH_ACCESS = MEMBERS - {"newcomer"}

# For each address who gets an answer (2xx or 3xx) by GET and by POST; everybody else is refused. None: the verb is not there.
DOORS: dict[str, tuple[frozenset[str] | None, frozenset[str] | None]] = {
    "home": (MEMBERS | {"staff"}, None),
    "open-application": (WITH_ACCESS, None),
    "request-access": (None, frozenset({"newcomer"})),
    "request-subscription": (None, frozenset()),
    "access-requests": (DECIDERS, DECIDERS),
    "subscriptions": (DECIDERS | {"owner", "stranger"}, None),
    "application-people": (DECIDERS, None),
    "access-grant": (frozenset({"decider"}), frozenset({"decider"})),
    "received": (WITH_ACCESS, None),
    "sent": (WITH_ACCESS, None),
    "drafts": (WITH_ACCESS, None),
    "contacts": (WITH_ACCESS, None),
    "package-new": (WITH_ACCESS, WITH_ACCESS),
    "package": (frozenset({"sender", "recipient"}), None),
    "package-draft": (frozenset({"sender"}), frozenset({"sender"})),
    "package-files": (frozenset({"sender"}), frozenset({"sender"})),
    "package-status": (frozenset({"sender"}), None),
    "package-discard": (None, frozenset({"sender"})),
    "package-zip": (frozenset({"sender", "recipient"}), frozenset({"sender", "recipient"})),
    "file-download": (frozenset({"sender", "recipient"}), None),
}
ON_A_DRAFT = {"package-draft", "package-files", "package-discard"}


def test_every_address_of_this_room_is_in_the_matrix() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(DOORS)


def delivered(world: World) -> Package:
    package = draft(world)
    tell_stored(add_upload(world, package))
    return delivery.send(acting(world.sender), package=package)


def address(world: World, name: str) -> str:
    if name in {"open-application", "request-access", "request-subscription", "application-people"}:
        return reverse(f"sft:{name}", args=[SFT])
    if name == "access-grant":
        return reverse("sft:access-grant", args=[AccessGrant.objects.get(membership=world.sender).pk])
    if name in ON_A_DRAFT:
        return reverse(f"sft:{name}", args=[draft(world).pk])
    if name in {"package", "package-status", "package-zip"}:
        return reverse(f"sft:{name}", args=[delivered(world).pk])
    if name == "file-download":
        package = delivered(world)
        return reverse("sft:file-download", args=[package.pk, package.files.get().pk])
    return reverse(f"sft:{name}")


@pytest.mark.parametrize("name", [name for name, (get, _) in DOORS.items() if get is not None])
def test_who_may_look(world: World, browser_of: BrowserOf, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _without_bytes(monkeypatch)
    url = address(world, name)
    staff = worlds.person("Sam", staff=True)
    allowed = {who for who in PEOPLE if browser_of(getattr(world, who)).get(url).status_code < 400}
    if browser_of(staff).get(url).status_code < 400:
        allowed.add("staff")
    assert frozenset(allowed) == DOORS[name][0]


@pytest.mark.parametrize("name", [name for name, (_, post) in DOORS.items() if post is not None])
def test_who_may_act(world: World, browser_of: BrowserOf, name: str) -> None:
    url = address(world, name)
    data = POSTED.get(name, {})
    allowed = {who for who in PEOPLE if _is_let_in(browser_of(getattr(world, who)).post(url, data).status_code)}
    if _is_let_in(browser_of(worlds.person("Sam", staff=True)).post(url, data).status_code):
        allowed.add("staff")
    assert frozenset(allowed) == DOORS[name][1]


POSTED = {"access-grant": {"decision": "suspend", "reason": ""}, "package-new": {"title": "Drawings"}}


def _is_let_in(status: int) -> bool:
    """A form that comes back with its errors was let in as well."""
    return status < 400 or status == 422


@pytest.mark.parametrize("name", list(DOORS))
def test_a_visitor_is_asked_to_sign_in(world: World, visitor: Client, name: str) -> None:
    url = address(world, name)
    answers = [visitor.get(url), visitor.post(url)]
    for answer in answers:
        assert answer.status_code == 405 or answer["Location"].startswith("/sign-in/?next=")
    assert any(answer.status_code == 302 for answer in answers)


@pytest.mark.parametrize("name", list(DOORS))
def test_other_verbs_are_not_there(world: World, browser_of: BrowserOf, name: str) -> None:
    url, (get, post) = address(world, name), DOORS[name]
    browser = browser_of(world.sender)
    assert browser.delete(url).status_code == 405
    if get is None:
        assert browser.get(url).status_code == 405
    if post is None:
        assert browser.post(url).status_code == 405


def test_a_program_gets_json_for_its_refusals(world: World, browser_of: BrowserOf, visitor: Client) -> None:
    json = {"Accept": "application/json"}
    assert visitor.get("/sft/contacts/?q=a", headers=json).json()["code"] == "sign_in_required"
    refused = browser_of(world.newcomer).get("/sft/contacts/?q=a", headers=json)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")


def test_a_suspension_closes_every_door_of_the_workspace_at_once(world: World, browser_of: BrowserOf) -> None:
    package, browser = delivered(world), browser_of(world.sender)
    paths = ["/sft/", "/sft/sent/", "/sft/packages/new/", f"/sft/packages/{package.pk}/"]
    assert {browser.get(path).status_code for path in paths} == {200}
    grant = AccessGrant.objects.select_related("membership", "application").get(membership=world.sender)
    access.suspend(acting(world.decider), grant=grant, reason="Left.")
    assert {browser.get(path).status_code for path in paths} == {403}
    assert "Secure File Transfer" not in browser.get("/account/").content.decode().split("</header>")[0]


def test_a_package_is_its_recipients_only_after_delivery(world: World, browser_of: BrowserOf) -> None:
    package = draft(world)
    upload = add_upload(world, package)
    reader, path = browser_of(world.recipient), f"/sft/packages/{package.pk}/"
    download = f"{path}files/{package.files.get().pk}/download/"
    assert (reader.get(path).status_code, reader.get(download).status_code) == (404, 404)
    delivery.send(acting(world.sender), package=package)
    assert (reader.get(path).status_code, reader.get(download).status_code) == (404, 404)
    tell_stored(upload)
    assert reader.get(path).status_code == 200


def test_a_file_is_found_in_its_own_package_only(world: World, browser_of: BrowserOf) -> None:
    one, other = delivered(world), delivered(world)
    browser = browser_of(world.sender)
    assert browser.get(f"/sft/packages/{one.pk}/files/{other.files.get().pk}/download/").status_code == 404


def test_extra_fields_change_nothing(world: World, browser_of: BrowserOf) -> None:
    package = draft(world)
    forged = {
        "title": "Drawings",
        "state": "delivered",
        "sender": str(world.stranger.pk),
        "organization": str(world.strangers.pk),
        "delivered_at": "2026-01-01",
    }
    browser_of(world.sender).post(f"/sft/packages/{package.pk}/draft/", forged)
    package.refresh_from_db()
    assert (package.title, package.state, package.sender, package.organization) == (
        "Drawings",
        "draft",
        world.sender,
        world.aurora,
    )


def test_requests_of_others_cannot_be_decided_by_naming_their_ids(world: World, browser_of: BrowserOf) -> None:
    grant = asking(world.newcomer)
    data = {"decision": "approve", "chosen": [str(grant.pk)]}
    assert browser_of(world.strange_decider).post("/administration/requests/", data).status_code == 404
    assert AccessGrant.objects.get(pk=grant.pk).state == "pending_aa"
    assert browser_of(world.decider).post("/administration/requests/", data).status_code == 302
    assert AccessGrant.objects.get(pk=grant.pk).state == "active"


def _without_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """These files are rows only: who may fetch is asked here, what they get is asked where real bytes are."""
    monkeypatch.setattr(packages, "file_response", lambda *_, **__: HttpResponse())
    monkeypatch.setattr(archives, "zip_response", lambda *_, **__: HttpResponse())
