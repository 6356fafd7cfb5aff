"""The template tags of the shared look: a builtin, so templates use them without ``{% load %}``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.template.context import Context
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import navigation
from core.templatetags.tones import MARKS, NEUTRAL, tone_of

register = template.Library()

NOTHING = "–"
RELATIVE_FOR = timedelta(days=30)
JUST_NOW = timedelta(seconds=45)
A_MINUTE, AN_HOUR, A_DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SIZE_UNITS = ("kB", "MB", "GB", "TB", "PB")
UNIT = 1000


# --- Where one is -------------------------------------------------------------------------------------------------
@register.inclusion_tag("components/breadcrumbs.html")
def breadcrumbs(*pairs: str) -> dict[str, Any]:
    """``{% breadcrumbs "Home" url "Users" "" %}``: labels and addresses in turn; the page itself has no address."""
    if len(pairs) % 2:
        raise template.TemplateSyntaxError("breadcrumbs takes pairs of a label and an address.")
    return {"crumbs": [{"label": pairs[at], "url": pairs[at + 1]} for at in range(0, len(pairs), 2)]}


@register.inclusion_tag("components/tab_bar.html", takes_context=True)
def tab_bar(context: Context, bar: str, label: str = "") -> dict[str, Any]:
    """The registered tabs of ``bar`` that are for the one who looks; nothing for a visitor."""
    request = context.get("request")
    actor = getattr(request, "actor", None)
    if actor is None or not actor.is_authenticated:
        return {"tabs": []}
    match = getattr(request, "resolver_match", None)
    tabs = navigation.bar(bar, actor, match.view_name if match else "")
    return {"tabs": tabs, "label": label or _("Sections"), "bar": bar}


@register.inclusion_tag("components/icon.html")
def icon(name: str, label: str = "") -> dict[str, str]:
    """A picture of the sprite ``static/icons.svg``. Decoration unless it is given a ``label``."""
    return {"name": name, "label": label}


# --- How it stands ------------------------------------------------------------------------------------------------
@register.inclusion_tag("components/badge.html")
def status_badge(obj: Any, label: str = "") -> dict[str, str]:
    """The state of ``obj`` in words, an icon and a tone; ``label`` replaces the words."""
    tone = tone_of(obj)
    text = label or str(obj.get_state_display())
    return {"text": text, "tone": tone, "mark": MARKS[tone], "state": str(obj.state)}


@register.inclusion_tag("components/badge.html")
def badge(text: str, tone: str = NEUTRAL) -> dict[str, str]:
    """``text`` as a badge; ``tone`` is success, info, warning, danger or neutral."""
    return {"text": text, "tone": tone, "mark": MARKS[tone], "state": ""}


# --- Times --------------------------------------------------------------------------------------------------------
@register.simple_tag
def when(moment: datetime | None) -> SafeString | str:
    """``moment`` as people say it, the exact time on hover. After a month it is the date itself; nothing is a dash."""
    if moment is None:
        return NOTHING
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{} {}">{}</time>',
        local.isoformat(timespec="seconds"),
        date_format(local, "j F Y, H:i"),
        local.tzname() or "",
        _relative(local),
    )


@register.simple_tag
def until(moment: datetime | None) -> SafeString | str:
    """When something is due or ends: “in 2 days”; once it has passed it reads like ``when``."""
    return when(moment)


def _relative(moment: datetime) -> str:
    distance = moment - timezone.now()
    if abs(distance) < JUST_NOW:
        return _("just now") if distance <= timedelta() else _("in a moment")
    if abs(distance) > RELATIVE_FOR:
        return str(date_format(moment, "j M Y"))
    span = _span(abs(distance))
    return (_("%s ago") if distance < timedelta() else _("in %s")) % span


def _span(length: timedelta) -> str:
    """``length`` in its largest whole unit, rounded."""
    minutes, hours, days = (max(1, round(length / unit)) for unit in (A_MINUTE, AN_HOUR, A_DAY))
    if length < AN_HOUR - A_MINUTE / 2:
        return ngettext("%d minute", "%d minutes", minutes) % minutes
    if length < A_DAY - AN_HOUR / 2:
        return ngettext("%d hour", "%d hours", hours) % hours
    return ngettext("%d day", "%d days", days) % days


# --- Numbers ------------------------------------------------------------------------------------------------------
@register.filter
def size(count: float | None) -> str:
    """Bytes in the decimal unit a person would say, to three digits: ``210 MB``, ``1.5 GB``."""
    if count is None:
        return NOTHING
    if count < UNIT:
        return ngettext("%d byte", "%d bytes", int(count)) % int(count)
    amount, unit = count / UNIT, 0
    while round(amount) >= UNIT and unit < len(SIZE_UNITS) - 1:
        amount, unit = amount / UNIT, unit + 1
    return f"{_three_digits(amount)} {SIZE_UNITS[unit]}"


def _three_digits(amount: float) -> str:
    """``1.5``, ``48.3``, ``210``: no more digits than a person reads, and no ``.0``."""
    decimals = 0 if round(amount, 1) >= UNIT / 10 or round(amount, 1) == round(amount) else 1
    return number_format(round(amount, decimals), decimals)


@register.filter
def thousands(number: int | None) -> str:
    """``1234567`` as ``1,234,567``."""
    return NOTHING if number is None else f"{number:,}"


# --- Forms --------------------------------------------------------------------------------------------------------
@register.filter
def field_kind(field: BoundField) -> str:
    """Which layout a field takes: ``checkbox``, ``choices``, ``password``, ``select``, ``fieldset`` or ``input``."""
    widget = field.field.widget
    kinds: tuple[tuple[type[forms.Widget], str], ...] = (
        (forms.CheckboxInput, "checkbox"),
        (forms.RadioSelect, "choices"),
        (forms.CheckboxSelectMultiple, "choices"),
        (forms.PasswordInput, "password"),
        (forms.Select, "select"),
    )
    for widget_class, kind in kinds:
        if isinstance(widget, widget_class):
            return kind
    return "fieldset" if widget.use_fieldset and not field.id_for_label else "input"


CONTROL_CLASSES = {"checkbox": "form-check-input", "choices": "form-check-input", "select": "form-select"}


@register.filter
def control(field: BoundField) -> SafeString:
    """The field's widget with the classes of the look, tied to its help and its error."""
    own = field.field.widget.attrs.get("class", "")
    classes = f"{CONTROL_CLASSES.get(field_kind(field), 'form-control')} {own}".strip()
    if field.errors:
        classes += " is-invalid"
    attrs: dict[str, str | bool] = {"class": classes}
    if described := field.aria_describedby:
        attrs["aria-describedby"] = described
    return field.as_widget(attrs=attrs)


@register.filter
def is_confirmed(field: BoundField) -> bool:
    """True where the form came back because of other fields, and this one was filled and is right.

    What is wrong with the form as a whole may be wrong with any field, so then none is called right.
    """
    form = field.form
    if not form.is_bound or not form.errors or form.non_field_errors():
        return False
    return bool(not field.errors and not field.field.disabled and field.value())
