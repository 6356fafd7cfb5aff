"""What the shared components promise to the pages that use them, and to those who cannot see them."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django import forms
from django.conf import LazySettings
from django.db import models
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from core import errors, navigation, states
from core.actor import Actor, ActorKind
from core.forms import Described
from core.navigation import Tab
from core.pagination import Page
from core.templatetags.tones import TONES
from core.views.errors import refusal
from tests.core.markup import Markup

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
MEMBER = Actor(kind=ActorKind.USER, label="smithj_4821")


class Profile(forms.Form):
    legal_name = forms.CharField(label="Legal name", help_text="As registered.")
    website = forms.URLField(label="Website", required=False, assume_scheme="https")
    secret = forms.CharField(label="Password", widget=forms.PasswordInput)
    administrator = forms.ChoiceField(
        label="Administrator",
        choices=[("me", Described("Myself", "With my own address.")), ("new", "Somebody else")],
        widget=forms.RadioSelect,
    )
    terms = forms.BooleanField(label="I agree")
    number = forms.CharField(label="Organization ID", disabled=True, initial="EXO-1", required=False)
    step = forms.CharField(widget=forms.HiddenInput)


FILLED = {"legal_name": "Hawker", "secret": "s", "administrator": "me", "terms": "on", "step": "2"}


def form_without(*names: str, **changes: str) -> Markup:
    data = {name: value for name, value in {**FILLED, **changes}.items() if name not in names}
    return Markup(Profile(data).render())


def component(template: str, query: str = "", /, **context: Any) -> Markup:
    request = RequestFactory().get(f"/somewhere/{query}")
    return Markup(render_to_string(f"components/{template}.html", context, request=request))


def tag(source: str, **context: Any) -> str:
    return Template(source).render(Context(context))


# --- Forms --------------------------------------------------------------------------------------------------------
def test_a_wrong_field_is_tied_to_its_help_and_its_error() -> None:
    markup = form_without("legal_name")
    control = markup.one("input", name="legal_name")
    described_by = control.attrs["aria-describedby"].split()
    assert [markup.one(id=target).text for target in described_by] == [
        "As registered.",
        "Error: This field is required.",
    ]
    assert control.attrs["aria-invalid"] == "true"


def test_a_right_field_is_tied_to_its_help_only() -> None:
    control = form_without().one("input", name="legal_name")
    assert control.attrs["aria-describedby"] == "id_legal_name_helptext"
    assert "aria-invalid" not in control.attrs


def test_a_wrong_group_of_choices_is_tied_to_its_error() -> None:
    markup = form_without("administrator")
    group = markup.one("fieldset", id="id_administrator")
    assert markup.one(id=group.attrs["aria-describedby"]).text == "Error: This field is required."


def test_the_summary_leads_to_every_wrong_field_in_order() -> None:
    markup = form_without("legal_name", "secret", "administrator", "terms", website="no address")
    links = [link for link in markup.all("a") if link.attrs["href"].startswith("#")]
    ids = [link.attrs["href"].removeprefix("#") for link in links]
    assert ids == ["id_legal_name", "id_website", "id_secret", "id_administrator", "id_terms"]
    assert all(len(markup.all(id=target)) == 1 for target in ids)
    assert links[1].text == "Website: Enter a valid URL."


def test_the_summary_takes_the_focus_and_is_announced() -> None:
    summary = form_without("legal_name").one(class_="error-summary")
    assert {"autofocus", "tabindex"} <= summary.attrs.keys()
    assert summary.attrs["role"] == "alert"


def test_a_right_form_has_no_summary() -> None:
    assert form_without().all(class_="error-summary") == []


def test_errors_of_hidden_fields_and_of_the_whole_form_are_said_too() -> None:
    form = Profile({name: value for name, value in FILLED.items() if name != "step"})
    form.add_error(None, "Somebody registered this name meanwhile.")
    summary = Markup(form.render()).one(class_="error-summary")
    assert "Somebody registered this name meanwhile." in summary.text
    assert "This field is required." in summary.text


def test_hidden_fields_are_rendered_once() -> None:
    assert form_without().one("input", name="step").attrs["value"] == "2"


@pytest.mark.parametrize(("name", "starred"), [("legal_name", True), ("website", False)])
def test_required_fields_are_starred_and_said_to_be_required(name: str, starred: bool) -> None:
    label = form_without().one("label", **{"for": f"id_{name}"})
    assert ("*" in label.text) is starred
    assert ("(required)" in label.text) is starred


def test_only_filled_and_changeable_fields_are_shown_as_right() -> None:
    markup = form_without("terms")
    right = [field.text.split(" *")[0] for field in markup.all(class_="field-right")]
    assert right == ["Legal name"]


def test_a_choice_may_carry_a_second_line() -> None:
    cards = form_without().all("label", class_="choice-card")
    assert [card.text for card in cards] == ["Myself With my own address.", "Somebody else"]


def test_a_password_never_comes_back_and_its_show_button_waits_for_scripts() -> None:
    markup = form_without("terms")
    assert "value" not in markup.one("input", name="secret").attrs
    assert "hidden" in markup.one("button").attrs


def test_what_was_typed_is_escaped() -> None:
    assert form_without(legal_name="<b>x</b>").one("input", name="legal_name").attrs["value"] == "<b>x</b>"
    assert form_without(legal_name="<b>x</b>").all("b") == []


# --- Status -------------------------------------------------------------------------------------------------------
def every_state() -> list[tuple[str, str]]:
    return [
        (machine.model.__name__, value)
        for machine in states.machines()
        for value, _ in cast("models.Field[str, str]", machine.model._meta.get_field("state")).flatchoices
    ]


def test_every_state_of_every_object_has_a_tone() -> None:
    assert {(kind, state) for kind, state in every_state() if state not in TONES} == set()


def test_a_status_is_said_in_words_beside_its_picture() -> None:
    grant = SimpleNamespace(state="denied", get_state_display=lambda: "Denied")
    badge = Markup(tag("{% status_badge grant %}", grant=grant))
    assert badge.one("span").text == "Denied"
    assert badge.one("span").has_class("status-danger")
    assert badge.one("svg").attrs["aria-hidden"] == "true"


def test_a_status_may_be_said_in_other_words() -> None:
    grant = SimpleNamespace(state="pending_aa", get_state_display=lambda: "Pending")
    assert (
        Markup(tag('{% status_badge grant label="Waiting for Priya" %}', grant=grant)).one("span").text
        == "Waiting for Priya"
    )


# --- Where one is -------------------------------------------------------------------------------------------------
def test_the_last_breadcrumb_is_the_page_itself() -> None:
    crumbs = Markup(tag('{% breadcrumbs "Home" "/home/" "Users" "" %}'))
    assert crumbs.one("a").attrs["href"] == "/home/"
    assert crumbs.one(aria_current="page").text == "Users"


def test_breadcrumbs_come_in_pairs() -> None:
    with pytest.raises(TemplateSyntaxError):
        tag('{% breadcrumbs "Home" %}')


@pytest.fixture
def bar() -> str:
    navigation.register(
        Tab("sample", 2, "Second", "ready", ("core:second",), count=lambda _actor: 1200),
        Tab("sample", 1, "First", "live", ("core:first",), count=lambda _actor: 0),
        Tab("sample", 3, "Staff", "live", ("core:staff",), visible=lambda actor: actor.is_staff),
    )
    return "sample"


def tabs(bar: str, actor: Actor | None) -> Markup:
    request = SimpleNamespace(actor=actor, resolver_match=SimpleNamespace(view_name="core:first-page"))
    return Markup(tag('{% tab_bar bar label="Main" %}', request=request, bar=bar))


def test_tabs_are_in_order_and_mark_the_current_one(bar: str) -> None:
    shown = tabs(bar, MEMBER)
    assert [link.text for link in shown.all("a")] == ["First", "Second 1,200"]
    assert shown.one(aria_current="page").text == "First"
    assert shown.one("nav").attrs["aria-label"] == "Main"


@pytest.mark.parametrize("actor", [None, Actor.anonymous()])
def test_a_visitor_has_no_tabs(bar: str, actor: Actor | None) -> None:
    assert tabs(bar, actor).elements == []


# --- Steps, timeline, pager, secrets, confirmation ------------------------------------------------------------------
STEPS = [
    {"label": "Captcha", "url": "/one/", "state": "done"},
    {"label": "Profile", "url": "/two/", "state": "current"},
    {"label": "Review", "url": "", "state": "todo"},
]


def test_steps_say_where_one_is_also_where_there_is_no_room() -> None:
    steps = component("step_indicator", steps=STEPS)
    assert steps.one("p", class_="steps-short").text == "Step 2 of 3: Profile"
    assert "Profile" in steps.one("li", aria_current="step").text


def test_only_steps_behind_one_are_links() -> None:
    assert [link.attrs["href"] for link in component("step_indicator", steps=STEPS).all("a")] == ["/one/"]


def test_a_timeline_says_what_has_not_happened_yet() -> None:
    entries = [
        {"label": "Submitted", "at": NOW, "who": "Jordan", "state": "done"},
        {"label": "Decided", "at": None, "detail": "Due on Friday.", "state": "todo"},
    ]
    first, second = component("timeline", entries=entries).all("li")
    assert "(not yet)" not in first.text
    assert second.text == "Decided (not yet) Due on Friday."


def test_the_pager_keeps_what_was_searched_for() -> None:
    page: Page[Any] = Page(rows=[], next_cursor="next", is_first=False)
    first, older = component("pager", "?q=rib&after=here", page=page).all("a")
    assert first.attrs["href"] == "?q=rib"
    assert older.attrs["href"] == "?q=rib&after=next"


def test_a_single_page_has_no_pager() -> None:
    page: Page[Any] = Page(rows=[], next_cursor="", is_first=True)
    assert component("pager", page=page).elements == []


def test_a_confirmed_action_is_a_plain_form_without_scripts() -> None:
    markup = component(
        "confirm_button", action="/revoke/", label="Revoke", title="Revoke it?", text="…", name="decision", value="no"
    )
    form = markup.one("form")
    assert (form.attrs["method"], form.attrs["action"]) == ("post", "/revoke/")
    assert markup.one("input", name="decision").attrs["value"] == "no"
    assert markup.one("input", name="csrfmiddlewaretoken").attrs["value"]
    assert markup.one("dialog").attrs["aria-label"] == "Revoke it?"


def test_a_secret_is_text_to_be_selected_and_its_copy_button_waits_for_scripts() -> None:
    markup = component("secret_once", label="One Time Password", secret="WKQR-<7MTX>")
    assert markup.one("code").text == "WKQR-<7MTX>"
    assert "hidden" in markup.one("button").attrs


def test_a_blank_value_is_said_to_be_blank() -> None:
    markup = component("summary_list", title="Profile", rows=[{"label": "Website", "value": ""}], edit_url="/edit/")
    assert markup.one("dd").text == "not given"
    assert markup.one("a").text == "Edit Profile"


def test_the_search_keeps_its_words() -> None:
    markup = component("search_form", '?q="rib"', label="Search packages")
    assert markup.one("input", name="q").attrs["value"] == '"rib"'
    assert markup.one("label").text == "Search packages"


# --- Whole pages --------------------------------------------------------------------------------------------------
ALL_ERRORS = [
    errors.Invalid(), errors.NotAllowed(), errors.SignInRequired(), errors.NotFound(), errors.Conflict(), errors.Gone(),
    errors.TooLarge(), errors.TooMany(retry_after=60), errors.Unavailable(),
]  # fmt: skip


@pytest.mark.parametrize("error", ALL_ERRORS, ids=lambda error: error.code)
def test_every_error_has_a_page_that_stands_without_the_database(
    error: errors.DomainError, settings: LazySettings
) -> None:
    request = RequestFactory().get("/somewhere/")
    request.COOKIES[settings.SESSION_COOKIE_NAME] = "somebody-signed-in"
    request.request_id = "0123456789abcdef"  # type: ignore[attr-defined]
    response = refusal(request, error)
    page = Markup(response.content.decode())
    assert response.status_code == error.status
    assert page.one("h1").text == error.title
    assert page.one("p", class_="lead").text == error.sentence
    assert page.one("p", class_="request-id").text.endswith("0123456789abcdef")


@pytest.fixture
def front_door(client: Client) -> Markup:
    return Markup(client.get("/styleguide/front-door/").content.decode())


def test_every_page_names_the_operator_and_offers_help(front_door: Markup, settings: LazySettings) -> None:
    help_links = {link.text: link.attrs["href"] for link in front_door.all("a")}
    assert settings.OPERATOR_NAME in front_door.one("header").text
    assert "Managed Access Gateway" in front_door.one("header").text
    assert help_links["Account Registration Assistance"].startswith("/")
    assert help_links["Login Assistance"].startswith("/")
    assert help_links[settings.SUPPORT_EMAIL] == f"mailto:{settings.SUPPORT_EMAIL}"


def test_the_first_thing_on_a_page_leads_past_the_header(front_door: Markup) -> None:
    assert front_door.all("a")[0].attrs["href"] == "#main"
    assert front_door.one("main").attrs["id"] == "main"


def test_signing_out_is_a_post(client: Client) -> None:
    page = Markup(client.get("/styleguide/home/").content.decode())
    form = next(form for form in page.all("form") if form.text == "Sign out")
    assert form.attrs["method"] == "post"
    assert form.attrs["action"].startswith("/")


def test_the_operators_colours_are_a_stylesheet(client: Client, settings: LazySettings) -> None:
    settings.OPERATOR_HUE, settings.OPERATOR_CHROMA = 31.5, 0.1
    response = client.get("/theme.css")
    assert response["Content-Type"] == "text/css"
    assert response.content.decode() == ":root { --brand-hue: 31.5; --brand-chroma: 0.1; }\n"


def test_the_styleguide_is_not_there_in_production() -> None:
    environment = {
        "DJANGO_SETTINGS_MODULE": "mag_portal.settings",
        "MAG_ENV": "production",
        "SECRET_KEY": "x" * 60,
        "FIELD_KEYS": f"one:{'A' * 43}=",
        "AUDIT_SIGNING_KEY": f"{'A' * 43}=",
        "BASE_URL": "https://mag.example",
        "DATABASE_URL": "postgres://mag@127.0.0.1/mag",
        "REDIS_URL": "redis://127.0.0.1",
        "EMAIL_URL": "smtp://127.0.0.1",
        "S3_ENDPOINT_URL": "https://s3.example",
        "S3_ACCESS_KEY_ID": "key",
        "S3_SECRET_ACCESS_KEY": "key",
    }
    program = (
        "import django; django.setup()\n"
        "from django.urls import Resolver404, resolve\n"
        "resolve('/theme.css')\n"
        "try: resolve('/styleguide/')\n"
        "except Resolver404: print('not there')\n"
    )
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "not there", run.stderr
