"""Rules for second factors: who sets which, what they add up to, and the pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.ports import FactorRule, factor_policy
from accounts.proofs import EVERY_KIND, FactorKind
from core.errors import Invalid, NotAllowed
from core.models import AuditEvent
from orgs.models import Membership, SecondFactorRule
from orgs.services import memberships, second_factor_rules
from tests.orgs.world import PEN, World, acting, sft
from tests.signing_in import fresh

APP, KEY = FactorKind.AUTHENTICATOR_APP.value, FactorKind.PASSKEY.value
PAGE = "/administration/second-factors/"
SAID = {"needs": "required", "kinds": [APP], "passkey_alone": "on", "grace_days": "7"}
set_rule = second_factor_rules.set_rule


def rule_of(member: Membership) -> FactorRule:
    return factor_policy().rule_for(member.user)


# --- What they add up to ------------------------------------------------------------------------------------------
def test_without_any_rule_everybody_needs_one(world: World) -> None:
    assert rule_of(world.employee) == FactorRule(required=True, kinds=EVERY_KIND)


def test_the_operator_says_what_counts_for_everybody(world: World) -> None:
    set_rule(world.operator, required=False, kinds=[KEY], passkey_alone=False)
    for member in (world.employee, world.stranger):
        assert rule_of(member) == FactorRule(required=False, kinds=frozenset({KEY}), passkey_alone=False)


def test_staff_need_one_whatever_the_rule_says(world: World, settings: LazySettings) -> None:
    set_rule(world.operator, required=False, grace_days=30)
    assert not factor_policy().rule_for(world.staff).required

    settings.STAFF_NEED_SECOND_FACTOR = True

    assert factor_policy().rule_for(world.staff) == FactorRule(required=True)
    assert not rule_of(world.employee).required


def test_an_organisation_asks_its_own_people_for_more(world: World) -> None:
    set_rule(world.operator, required=False)
    set_rule(acting(world.inviter), organization=world.aurora, required=True, kinds=[APP], grace_days=3)
    assert rule_of(world.employee) == FactorRule(required=True, kinds=frozenset({APP}), grace=timedelta(days=3))
    assert not rule_of(world.stranger).required


def test_an_organisation_cannot_ask_for_less(world: World) -> None:
    set_rule(world.operator, required=True, kinds=[APP], passkey_alone=False, grace_days=1)
    set_rule(acting(world.inviter), organization=world.aurora, required=False, grace_days=30)
    assert rule_of(world.employee) == FactorRule(
        required=True, kinds=frozenset({APP}), passkey_alone=False, grace=timedelta(days=1)
    )


def test_of_two_organisations_the_stricter_counts(world: World) -> None:
    set_rule(world.operator, required=False)
    both = memberships.create(PEN, user=world.employee.user, organization=world.elsewhere)
    set_rule(acting(world.stranger), organization=world.elsewhere, required=True)
    assert rule_of(both).required
    Membership.objects.filter(pk=both.pk).update(state="closed")
    assert not rule_of(world.employee).required


def test_no_organisation_weakens_the_rule_of_another(world: World) -> None:
    set_rule(world.operator, required=True, kinds=[APP, KEY])
    set_rule(acting(world.inviter), organization=world.aurora, required=True, kinds=[KEY])
    Membership.objects.create(user=world.employee.user, organization=world.elsewhere)

    set_rule(acting(world.stranger), organization=world.elsewhere, required=True, kinds=[APP])

    assert rule_of(world.employee).kinds == {KEY}


def test_the_rule_of_an_application_is_asked_for_by_the_application_alone(world: World) -> None:
    set_rule(world.operator, required=False)
    set_rule(world.operator, application=sft(), required=True, kinds=[KEY])
    assert not rule_of(world.employee).required


# --- Who sets them ------------------------------------------------------------------------------------------------
def test_who_sets_which(world: World) -> None:
    for member in (world.employee, world.approver, world.stranger):
        with pytest.raises(NotAllowed):
            set_rule(acting(member), organization=world.aurora, required=False)
    for scope in ({}, {"application": sft()}):
        with pytest.raises(NotAllowed):
            set_rule(acting(world.inviter), required=False, **scope)  # type: ignore[arg-type] # one scope or none
        set_rule(world.operator, required=False, **scope)  # type: ignore[arg-type]
    set_rule(acting(world.inviter), organization=world.aurora, required=False)


def test_each_change_is_in_the_trail(world: World) -> None:
    set_rule(acting(world.inviter), organization=world.aurora, required=True, kinds=[KEY], grace_days=2)
    event = AuditEvent.objects.get(action="orgs.second_factor_rule.set")
    assert (event.actor_id, event.organization_id) == (world.inviter.user_id, world.aurora.pk)
    assert event.data == {"required": True, "kinds": [KEY], "passkey_alone": True, "grace_days": 2}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"kinds": []}, "kinds"),
        ({"kinds": ["mail"]}, "kinds"),
        ({"grace_days": 91}, "grace_days"),
        ({"grace_days": -1}, "grace_days"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(world: World, said: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        set_rule(world.operator, required=True, **said)
    assert field in refusal.value.fields
    set_rule(world.operator, required=True)


def test_nobody_asks_for_what_nobody_can_have(world: World, settings: LazySettings) -> None:
    set_rule(world.operator, required=True, kinds=[APP])
    with pytest.raises(Invalid) as refusal:
        set_rule(acting(world.inviter), organization=world.aurora, required=True, kinds=[KEY])
    assert "Authenticator app" in refusal.value.fields["kinds"]
    settings.PASSKEYS_POSSIBLE = False
    with pytest.raises(Invalid):
        set_rule(world.operator, required=True, kinds=[KEY])


# --- The organisation's page --------------------------------------------------------------------------------------
def test_an_organization_administrator_sets_it_on_the_page(world: World) -> None:
    browser = fresh(world.inviter.user)
    assert "Nothing more" in browser.get(PAGE).content.decode()
    assert browser.post(PAGE, SAID)["Location"] == PAGE
    rule = SecondFactorRule.objects.get(organization=world.aurora)
    assert (rule.required, rule.kinds, rule.passkey_alone, rule.grace_days) == (True, [APP], True, 7)
    assert "7 days of grace" in browser.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"kinds": []}, "Allow at least one kind"),
        ({"grace_days": "91"}, "between 0 and 90"),
        ({"grace_days": "soon"}, "between 0 and 90"),
        ({"grace_days": ""}, "between 0 and 90"),
        ({"needs": ""}, "Choose one of the two"),
    ],
)
def test_what_is_not_right_is_said_beside_the_field(world: World, changed: dict[str, Any], sentence: str) -> None:
    browser = fresh(world.inviter.user)
    answer = browser.post(PAGE, {**SAID, **changed})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not SecondFactorRule.objects.exists()


def test_the_page_is_for_organization_administrators_who_have_just_confirmed(world: World) -> None:
    client = Client()
    for member in (world.employee, world.approver):
        client.force_login(member.user)
        assert client.get(PAGE).status_code == client.post(PAGE, SAID).status_code == 403
    client.force_login(world.inviter.user)
    assert client.get(PAGE)["Location"].startswith("/account/confirm/?next=")
    assert client.post(PAGE, SAID)["Location"].startswith("/account/confirm/?next=")
    assert not SecondFactorRule.objects.exists()
    assert fresh(world.inviter.user).post(PAGE, SAID)["Location"] == PAGE


# --- The operator's pages -----------------------------------------------------------------------------------------
LIST = "/admin/orgs/secondfactorrule/"


def test_staff_set_the_rules_of_everybody_and_of_an_application(world: World) -> None:
    browser = fresh(world.staff)
    set_rule(acting(world.inviter), organization=world.aurora, required=True)
    before = browser.get(LIST).content.decode()
    for words in ("As delivered", "Secure File Transfer", world.aurora.legal_name.replace("&", "&amp;")):
        assert words in before
    assert browser.post(f"{LIST}operator/", {**SAID, "kinds": [APP, KEY]})["Location"] == LIST
    assert browser.post(f"{LIST}application/sft/", {"needs": "required", "kinds": [KEY]})["Location"] == LIST
    assert SecondFactorRule.objects.get(organization=None, application=None).kinds == [APP, KEY]
    assert SecondFactorRule.objects.get(application=sft()).kinds == [KEY]
    assert browser.get(f"{LIST}application/nothing/").status_code == 404


def test_the_operator_s_pages_are_for_staff_who_have_just_confirmed(world: World) -> None:
    client = Client()
    for who, answer in ((world.inviter.user, "/admin/login/"), (world.staff, "/account/confirm/")):
        client.force_login(who)
        for page in (f"{LIST}operator/", f"{LIST}application/sft/"):
            assert client.post(page, SAID).headers.get("Location", "/admin/login/").startswith(answer)
    assert not SecondFactorRule.objects.exists()
