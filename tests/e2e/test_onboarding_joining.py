"""The ways in that need no registration: an invitation to somebody who has an account, or whose organisation has one."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e import onboarding
from tests.e2e.conftest import NewPerson
from tests.e2e.eyes import look
from tests.e2e.onboarding import fill, secret_shown
from tests.e2e.people import Newcomer, first_time_login, follow, give_password, user_id_in
from tests.e2e.wizard import heading, press
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.stack]

HARBOR = "Harbor Metals GmbH"
NILS = Newcomer("Nils", "Nagel", "nils.nagel@harbor-metals.example")
GRETA = Newcomer("Greta", "Gross", "greta.gross@harbor-metals.example")


def test_an_invited_administrator_signs_in_and_accepts(stack: Stack, new_person: NewPerson) -> None:
    """MAG account: the invitation itself tells that there is nothing to register.

    Accepting may ask for a subscription, so this comes after the journey that subscribes this organisation.
    """
    olivia, hanna = new_person(), new_person()
    account = stack.account("Organization Administrator", organization=HARBOR)
    mail = onboarding.invite(olivia, stack, Newcomer("Hanna", "Oberg", account["email"]), "Harbor Metals")

    follow(hanna, mail, "Register Now")
    expect(hanna.get_by_text("You already have a MAG account")).to_be_visible()
    press(hanna, "Sign in")
    give_password(hanna, account["user_id"], account["password"])
    look(hanna, "43-accept-an-invitation")
    press(hanna, "Accept the invitation")
    expect(hanna.get_by_text("accepted").first).to_be_visible()

    told = stack.wait_for_mail(stack.account("Organization Administrator")["email"], "accepted")
    follow(olivia, told, "Open the invitation")
    expect(olivia.get_by_text("Accepted").first).to_be_visible()
    look(olivia, "44-invitation-of-the-sender")


def test_an_invited_colleague_asks_to_join_and_is_let_in(stack: Stack, new_person: NewPerson) -> None:
    """The domain is that of an organisation with an account; its administrator, in another browser, decides."""
    olivia, nils, hanna = new_person(), new_person(java_script_enabled=False), new_person()
    mail = onboarding.invite(olivia, stack, NILS, "Harbor")

    follow(nils, mail, "Register Now")
    expect(nils.get_by_text("has a MAG account already")).to_be_visible()
    nils.get_by_role("link", name="Ask to join").click()
    fill(nils, message="I run the foundry’s drawing office.")
    press(nils, "Mail me the link")
    heading(nils, "Look into your mailbox")
    follow(nils, stack.wait_for_mail(NILS.email, "Confirm your e-mail address"), "Confirm and go on")
    press(nils, "Confirm and go on")
    nils.get_by_label(HARBOR).check()
    press(nils, "Ask to join")
    expect(nils.get_by_text("Next: an Organization Administrator of Harbor")).to_be_visible()
    waiting = nils.url

    account = stack.account("Organization Administrator", organization=HARBOR)
    follow(hanna, stack.wait_for_mail(account["email"], "Nils Nagel asks to join"), "Look at the request")
    give_password(hanna, account["user_id"], account["password"])
    expect(hanna.get_by_text("drawing office")).to_be_visible()
    look(hanna, "45-request-to-join")
    press(hanna, "Approve with a generated One-Time Password")
    secret = secret_shown(hanna)

    nils.goto(waiting)
    expect(nils.get_by_text("Approved").first).to_be_visible()
    welcome = stack.wait_for_mail(NILS.email, f"Activate your account at {HARBOR}")
    first_time_login(nils, welcome, secret, user_id=user_id_in(welcome))


def test_who_asks_without_an_invitation_is_denied_with_a_reason(stack: Stack, new_person: NewPerson) -> None:
    greta, hanna = new_person(), new_person()
    greta.goto(f"{stack.base_url}/")
    greta.get_by_role("link", name="Join your organization").click()
    fill(greta, first_name=GRETA.first_name, last_name=GRETA.last_name, email=GRETA.email)
    press(greta, "Mail me the link")
    follow(greta, stack.wait_for_mail(GRETA.email, "Confirm your e-mail address"), "Confirm and go on")
    press(greta, "Confirm and go on")
    greta.get_by_label(HARBOR).check()
    press(greta, "Ask to join")

    account = stack.account("Organization Administrator", organization=HARBOR)
    follow(hanna, stack.wait_for_mail(account["email"], "Greta Gross asks to join"), "Look at the request")
    give_password(hanna, account["user_id"], account["password"])
    fill(hanna, reason="Please ask your team leader first.")
    press(hanna, "Deny")
    expect(hanna.get_by_text("Greta Gross is not let in.")).to_be_visible()

    denied = stack.wait_for_mail(GRETA.email, "was denied")
    assert "Please ask your team leader first." in denied["text"]
    greta.reload()
    expect(greta.get_by_text("Please ask your team leader first.")).to_be_visible()
