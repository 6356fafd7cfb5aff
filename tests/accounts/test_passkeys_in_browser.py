"""Passkeys as browsers make and show them, with Chromium's virtual authenticator; and the pages around them."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Passkey, Session, User
from accounts.ports import FactorRule
from accounts.services.factors import overview
from tests.accounts.factors import code_of, with_app
from tests.accounts.sitting import BY_PASSKEY, Sitting, sitting
from tests.accounts.stages import Upstairs, events
from tests.e2e.eyes import look_in_any_light

__all__ = ["sitting"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def _set_up_on_the_way_in(sitting: Sitting, person: User, upstairs: Upstairs) -> list[str]:
    """The recovery codes that were shown."""
    upstairs.rule = FactorRule(required=True)
    sitting.type_password(person, then="/sign-in/set-up/")
    sitting.page.get_by_role("link", name="Set up a passkey").click()
    sitting.page.get_by_label("Name").fill("Laptop")
    sitting.press("Set up a passkey")
    sitting.is_at("/sign-in/recovery-codes/")
    sitting.press("Show my recovery codes")
    codes = sitting.page.locator(".recovery-codes code").all_inner_texts()
    sitting.page.get_by_label("I have printed these codes").check()
    sitting.press("Continue")
    sitting.page.wait_for_url(lambda url: "/sign-in/" not in url)
    return codes


def test_passkey_is_set_up_used_to_sign_in_and_removed(sitting: Sitting, person: User, upstairs: Upstairs) -> None:
    _set_up_on_the_way_in(sitting, person, upstairs)
    assert Passkey.objects.get(user=person).name == "Laptop"
    assert sitting.credentials()[0]["isResidentCredential"]

    sitting.sign_out()
    sitting.open("/sign-in/?next=/account/security/")
    sitting.show_passkey()
    sitting.is_at("/account/security/")
    assert events("accounts.session.begin")[-1].data["proofs"] == ["passkey"]

    upstairs.rule = FactorRule(required=False)
    sitting.page.get_by_role("link", name="Remove Laptop").click()
    sitting.press("Remove")
    sitting.is_at("/account/security/")
    expect(sitting.page.get_by_text("“Laptop” is removed")).to_be_visible()
    assert overview(person) == []

    sitting.sign_out()
    sitting.open("/sign-in/")
    sitting.show_passkey()
    expect(sitting.page.get_by_role("alert")).to_contain_text("does not open this account")


def test_passkey_is_the_second_factor_after_the_password(sitting: Sitting, person: User, upstairs: Upstairs) -> None:
    _set_up_on_the_way_in(sitting, person, upstairs)
    sitting.sign_out()
    sitting.type_password(person, then="/sign-in/second-factor/")
    sitting.press("Use your passkey")
    sitting.page.wait_for_url(lambda url: "/sign-in/" not in url)
    assert events("accounts.session.begin")[-1].data["proofs"] == ["passkey", "password"]


def test_a_recovery_code_stands_in_for_the_device_once(sitting: Sitting, person: User, upstairs: Upstairs) -> None:
    first, second, *_ = _set_up_on_the_way_in(sitting, person, upstairs)

    def enter_with(code: str) -> None:
        sitting.sign_out()
        sitting.type_password(person, then="/sign-in/second-factor/")
        sitting.page.get_by_role("link", name="Use a recovery code").click()
        sitting.page.get_by_label("Recovery code").fill(code)
        sitting.press("Sign in")

    enter_with(first.lower().replace("-", " "))
    sitting.page.wait_for_url(lambda url: "/sign-in/" not in url)
    enter_with(first)
    expect(sitting.page.locator(".invalid-feedback, [role=alert]").first).to_be_visible()
    sitting.is_at("/sign-in/second-factor/recovery-code/")
    sitting.page.get_by_label("Recovery code").fill(second)
    sitting.press("Sign in")
    sitting.page.wait_for_url(lambda url: "/sign-in/" not in url)


def test_who_is_not_recognised_by_the_device_is_told_and_stays_outside(
    sitting: Sitting, person: User, upstairs: Upstairs
) -> None:
    _set_up_on_the_way_in(sitting, person, upstairs)
    sitting.sign_out()
    sitting.refuse_to_verify()
    sitting.open("/sign-in/")
    sitting.show_passkey()
    expect(sitting.page.get_by_role("alert")).to_contain_text("try again when you are ready")
    assert not Session.objects.filter(user=person, signed_in_at__gte=timezone.now()).exists()
    sitting.refuse_to_verify(refuses=False)
    sitting.show_passkey()
    sitting.page.wait_for_url(lambda url: "/sign-in/" not in url)


def test_passkey_confirms_who_sits_there_before_another_factor_is_added(
    sitting: Sitting, person: User, upstairs: Upstairs
) -> None:
    _set_up_on_the_way_in(sitting, person, upstairs)
    sitting.let_proofs_grow_old(person)
    sitting.open("/account/security/authenticator-app/")
    expect(sitting.page.get_by_role("heading", level=1)).to_have_text("Confirm it is you")
    sitting.press("Use your passkey")
    sitting.is_at("/account/security/authenticator-app/")
    expect(sitting.page.get_by_role("button", name="Show the key")).to_be_visible()
    assert events("accounts.session.confirm")[-1].data == {"proof": "passkey"}


def test_second_passkey_of_one_device_is_refused_by_the_device(
    sitting: Sitting, person: User, upstairs: Upstairs
) -> None:
    _set_up_on_the_way_in(sitting, person, upstairs)
    sitting.open("/account/security/passkey/")
    sitting.press("Add a passkey")
    expect(sitting.page.get_by_role("alert")).to_contain_text("has a passkey for your account already")
    assert len(overview(person)) == 1


def test_passkey_is_added_in_my_account(sitting: Sitting, person: User) -> None:
    app = with_app(person)
    sitting.type_password(person, then="/sign-in/second-factor/")
    sitting.page.get_by_label("Code from your app").fill(code_of(app))
    sitting.press("Sign in")
    sitting.page.wait_for_url(lambda url: "/sign-in/" not in url)
    sitting.open("/account/security/passkey/")
    sitting.page.get_by_label("Name").fill("Phone")
    sitting.press("Add a passkey")
    expect(sitting.page.get_by_role("alert")).to_contain_text("another one of this name")
    sitting.page.get_by_label("Name").fill("Laptop")
    sitting.press("Add a passkey")
    sitting.is_at("/account/security/")
    assert {factor.name for factor in overview(person)} == {"Phone", "Laptop"}


def test_pages_have_no_barriers(sitting: Sitting, person: User, upstairs: Upstairs) -> None:
    page = sitting.page
    upstairs.rule = FactorRule(required=False)
    sitting.open("/sign-in/")
    look_in_any_light(page, "sign-in")
    app = with_app(person)
    sitting.type_password(person, then="/sign-in/second-factor/")
    look_in_any_light(page, "second-factor")
    sitting.open("/sign-in/second-factor/recovery-code/")
    look_in_any_light(page, "second-factor-recovery-code")
    sitting.open("/sign-in/second-factor/")
    page.get_by_label("Code from your app").fill(code_of(app))
    sitting.press("Sign in")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    sitting.open("/account/security/")
    look_in_any_light(page, "security")
    for name in ("passkey", "recovery-codes", "authenticator-app"):
        sitting.open(f"/account/security/{name}/")
        look_in_any_light(page, f"security-{name}")
    sitting.press("Show the key")
    look_in_any_light(page, "security-key")
    sitting.open("/account/security/recovery-codes/")
    sitting.press("Show my recovery codes")
    look_in_any_light(page, "security-codes")
    for verb in ("name", "remove"):
        sitting.open(f"/account/security/{app.pk}/{verb}/")
        look_in_any_light(page, f"security-{verb}")


def test_set_up_pages_have_no_barriers(sitting: Sitting, person: User, upstairs: Upstairs) -> None:
    upstairs.rule = FactorRule(required=True)
    sitting.type_password(person, then="/sign-in/set-up/")
    look_in_any_light(sitting.page, "set-up")
    sitting.open("/sign-in/set-up/passkey/")
    look_in_any_light(sitting.page, "set-up-passkey")
    sitting.open("/sign-in/set-up/")
    sitting.press("Set up an authenticator app")
    look_in_any_light(sitting.page, "set-up-app")


def test_without_scripts_the_pages_say_that_a_passkey_needs_them(
    browser: Browser, live_server: LiveServer, person: User
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/sign-in/")
    expect(page.get_by_text("Passkeys need a browser that knows them")).to_be_visible()
    expect(page.get_by_role("button", name=BY_PASSKEY)).to_be_hidden()
    context.close()
