"""The profile and its administrators in a real browser, with script and without, at 1280 and 360 pixels."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from orgs.models import WizardStep
from tests.e2e.eyes import look
from tests.orgs.registrant import Registrant

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture(params=["with script", "without script"])
def any_context(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(java_script_enabled=request.param == "with script")
    yield context
    context.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


def at_step(context: BrowserContext, live_server: LiveServer, step: WizardStep) -> tuple[Page, Registrant]:
    """A page at ``step`` of a draft that was walked there before."""
    registrant = Registrant("127.0.0.1")
    registrant.up_to(step)
    for name, cookie in registrant.client.cookies.items():
        context.add_cookies([{"name": name, "value": cookie.value, "url": live_server.url}])
    page = context.new_page()
    page.goto(live_server.url + registrant.url(step))
    return page, registrant


def press(page: Page, label: str) -> None:
    page.get_by_role("button", name=label, exact=True).click()


# --- Organization Profile -----------------------------------------------------------------------------------------
def test_regions_and_required_fields_follow_the_country(context: BrowserContext, live_server: LiveServer) -> None:
    page, _registrant = at_step(context, live_server, WizardStep.PROFILE)
    regions = page.locator("datalist option")
    stars = {name: page.locator(f"label[for=id_{name}] .field-star") for name in ("region", "postal_code")}

    page.get_by_label("Country").select_option("US")
    expect(regions.filter(has=page.locator('xpath=self::option[@value="Virginia"]'))).to_have_count(1)
    expect(stars["region"]).to_have_count(1)
    page.get_by_label("Country").select_option("AE")
    expect(stars["postal_code"]).to_have_count(0)
    page.get_by_label("Country").select_option("GB")
    expect(regions).to_have_count(0)
    expect(stars["region"]).to_have_count(0)
    expect(stars["postal_code"]).to_have_count(1)
    look(page, "profile-of-a-country")


def test_a_profile_is_completed_after_a_correction(any_context: BrowserContext, live_server: LiveServer) -> None:
    page, registrant = at_step(any_context, live_server, WizardStep.PROFILE)
    page.get_by_label("Country").select_option("US")
    typed = {
        "legal_name": "Newco Metals",
        "address_line_1": "1 Foundry Lane",
        "city": "Arlington",
        "postal_code": "222021400",
        "phone": "+1 703 555 0100",
        "contact_first_name": "Kim",
        "contact_last_name": "Novak",
        "contact_email": "kim@newco.example",
    }
    for name, value in typed.items():
        page.locator(f"[name={name}]").fill(value)

    press(page, "Next")
    page.get_by_role("link", name="State, province or region: Choose the state").click()
    expect(page.locator("[name=region]")).to_be_focused()
    expect(page.locator("[name=city]")).to_have_value("Arlington")
    page.locator("[name=region]").fill("va")
    press(page, "Next")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Organization Administrator")
    assert registrant.stored().region == "Virginia"


# --- Administrators -----------------------------------------------------------------------------------------------
def test_two_administrators_are_named_and_each_gets_a_one_time_password(
    any_context: BrowserContext, live_server: LiveServer
) -> None:
    page, registrant = at_step(any_context, live_server, WizardStep.ADMINISTRATOR)

    page.get_by_label("Kim Novak").check()
    press(page, "Add another Organization Administrator")
    expect(page.get_by_label("Create somebody else")).to_be_checked()
    for name, value in {"first_name": "Petra", "last_name": "Ortiz", "email": "petra@newco.example"}.items():
        page.locator(f"[name=new-{name}]").fill(value)
    press(page, "Next")
    for name in ("Kim Novak", "Petra Ortiz"):
        expect(page.locator("[aria-current=true]")).to_have_text(name)
        press(page, "Generate one for me")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Application Administrator(s)")
    assert registrant.stored().administrators.filter(is_organization_administrator=True).count() == 2


def test_what_is_hidden_by_script_is_not_sent(context: BrowserContext, live_server: LiveServer) -> None:
    page, registrant = at_step(context, live_server, WizardStep.ADMINISTRATOR)

    page.get_by_label("Kim Novak").check()
    page.get_by_label("Create somebody else").check()
    page.locator("[name=new-first_name]").fill("Petra")
    look(page, "administrators")
    page.get_by_label("Create somebody else").uncheck()
    expect(page.locator("[name=new-first_name]")).to_be_hidden()
    press(page, "Next")

    expect(page.get_by_role("heading", level=1)).to_contain_text("One Time Password")
    assert registrant.stored().administrators.count() == 1


# --- Review -------------------------------------------------------------------------------------------------------
def test_review_leads_to_a_second_administrator_and_back(context: BrowserContext, live_server: LiveServer) -> None:
    page, registrant = at_step(context, live_server, WizardStep.REVIEW)
    look(page, "review-with-advice")

    page.get_by_role("link", name="Add another Organization Administrator").click()
    for name, value in {"first_name": "Petra", "last_name": "Ortiz", "email": "petra@newco.example"}.items():
        page.locator(f"[name=new-{name}]").fill(value)
    press(page, "Next")
    press(page, "Generate one for me")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Review registration details")
    expect(page.get_by_text("Two are recommended")).to_have_count(0)
    press(page, "Submit")
    expect(page.get_by_text("up to two business days").first).to_be_visible()
    assert registrant.stored().state == "submitted"
