"""After Submit and asking to join, as people see it: wide and narrow, light and dark, without JavaScript, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from core import tokens
from core.models import Token
from orgs.models import Membership, Organization, Registration
from orgs.services import review
from orgs.services.registrations.letters import LINK
from tests.e2e.eyes import look
from tests.orgs import world as worlds
from tests.orgs.joiner import Joiner
from tests.orgs.registrant import Registrant
from tests.orgs.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(color_scheme=request.param)
    yield context.new_page()
    context.close()


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """Without JavaScript, as every page here has to work."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def status_url(live_server: LiveServer, registration: Registration) -> str:
    newest = Token.objects.filter(purpose=LINK, subject_id=registration.pk).latest("created_at")
    return f"{live_server.url}/registration/{tokens.secret_of(newest)}/"


def sign_in(context: BrowserContext, live_server: LiveServer, member: Membership) -> None:
    from django.test import Client

    client = Client()
    client.force_login(member.user)
    for name, cookie in client.cookies.items():
        context.add_cookies([{"name": name, "value": cookie.value, "url": live_server.url}])


def named(page: Page, name: str) -> str:
    scheme = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
    return f"{name}-{scheme}"


def test_the_pages_after_submit_have_no_barriers(world: World, live_server: LiveServer, page: Page) -> None:
    registration = Registrant().submitted()
    page.goto(status_url(live_server, registration))
    look(page, named(page, "status"))
    review.ask(
        world.operator, registration, question="Which of the two addresses is yours?\nThe register has another one."
    )
    page.reload()
    look(page, named(page, "status-question"))
    page.get_by_role("button", name="Send answer").click()
    expect(page.get_by_text("Write your answer.").first).to_be_visible()
    look(page, named(page, "status-question-wrong"))
    page.get_by_role("link", name="Correct the details").click()
    look(page, named(page, "details"))
    page.get_by_role("link", name="Back").click()
    page.get_by_role("link", name="Withdraw this registration").click()
    look(page, named(page, "withdraw"))
    page.get_by_role("button", name="Withdraw").click()
    look(page, named(page, "withdrawn"))
    page.goto(f"{live_server.url}/registration/nothing-like-it/")
    look(page, named(page, "link-ended"))


def test_the_pages_of_a_request_have_no_barriers(world: World, live_server: LiveServer, page: Page) -> None:
    Organization.objects.filter(pk=world.aurora.pk).update(email_domains=["aurora.example"], city="Leeds")
    page.goto(f"{live_server.url}/join/")
    look(page, named(page, "join"))
    page.get_by_role("button", name="Mail me the link").click()
    look(page, named(page, "join-wrong"))
    page.get_by_label("First name").fill("Nia")
    page.get_by_label("Last name").fill("Obi")
    page.get_by_label("E-mail address").fill("nia@aurora.example")
    page.get_by_role("button", name="Mail me the link").click()
    look(page, named(page, "join-sent"))
    page.goto(live_server.url + worlds.link_in(worlds.mails("join_confirm")[0], "/join/"))
    look(page, named(page, "join-confirm"))
    page.get_by_role("button", name="Confirm and go on").click()
    look(page, named(page, "join-choose"))
    page.get_by_label("Aurora Aerospace").check()
    page.get_by_role("button", name="Ask to join").click()
    expect(page.get_by_text("Next: an Organization Administrator of Aurora")).to_be_visible()
    look(page, named(page, "join-status"))


def test_the_pages_of_the_decision_have_no_barriers(world: World, live_server: LiveServer, page: Page) -> None:
    Joiner().asks(world.aurora)
    sign_in(page.context, live_server, world.inviter)
    page.goto(f"{live_server.url}/administration/join-requests/")
    look(page, named(page, "join-requests"))
    page.get_by_role("link", name="Nia Obi").click()
    look(page, named(page, "join-request"))
    page.get_by_role("button", name="Deny").click()
    look(page, named(page, "join-request-wrong"))


def test_without_javascript_an_answer_is_sent_and_details_are_corrected(
    world: World, live_server: LiveServer, plain: Page
) -> None:
    registration = Registrant().submitted()
    review.ask(world.operator, registration, question="Which city?")
    plain.goto(status_url(live_server, registration))

    plain.get_by_role("link", name="Correct the details").click()
    plain.get_by_label("City").fill("York")
    plain.get_by_role("button", name="Save").click()
    plain.get_by_label("Your answer").fill("York.")
    plain.get_by_role("button", name="Send answer").click()

    expect(plain.get_by_text("Next: Exostar")).to_be_visible()
    registration.refresh_from_db()
    assert (registration.city, registration.state) == ("York", "submitted")


def test_by_keyboard_alone_somebody_is_let_in(world: World, live_server: LiveServer, plain: Page) -> None:
    Joiner().asks(world.aurora)
    sign_in(plain.context, live_server, world.inviter)
    plain.goto(f"{live_server.url}/administration/join-requests/")

    plain.get_by_role("link", name="Nia Obi").focus()
    plain.keyboard.press("Enter")
    plain.get_by_role("button", name="Approve with a generated One-Time Password").focus()
    plain.keyboard.press("Enter")

    expect(plain.get_by_text("It is shown this once")).to_be_visible()
