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
from core.templatetags.tones import NEUTRAL, tone_of

register = template.Library()

NOTHING = "–"
RELATIVE_FOR = timedelta(days=30)
JUST_NOW = timedelta(seconds=45)
SIZE_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


# --- Where one is -------------------------------------------------------------------------------------------------
@register.inclusion_tag("components/breadcrumbs.html")
def breadcrumbs(*pairs: str) -> dict[str, Any]:
    """``{% breadcrumbs "Home" home_url "Users" "" %}``: labels and addresses in turn; the page itself has no address."""
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
    return {"text": label or str(obj.get_state_display()), "tone": tone_of(obj), "state": str(obj.state)}


@register.inclusion_tag("components/badge.html")
def badge(text: str, tone: str = NEUTRAL) -> dict[str, str]:
    """``text`` as a badge; ``tone`` is success, info, warning, danger or neutral."""
    return {"text": text, "tone": tone, "state": ""}


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
    minutes = max(1, round(length.total_seconds() / 60))
    if minutes < 60:
        return ngettext("%d minute", "%d minutes", minutes) % minutes
    hours = round(minutes / 60)
    if hours < 24:
        return ngettext("%d hour", "%d hours", hours) % hours
    days = round(minutes / 1440)
    return ngettext("%d day", "%d days", days) % days


# --- Numbers ------------------------------------------------------------------------------------------------------
@register.filter
def size(count: float | None) -> str:
    """Bytes in the decimal unit a person would say, to three digits: ``210 MB``, ``1.5 GB``."""
    if count is None:
        return NOTHING
    amount, unit = float(count), 0
    while round(amount) >= 1000 and unit < len(SIZE_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    if unit == 0:
        return ngettext("%d byte", "%d bytes", int(amount)) % int(amount)
    decimals = 1 if amount < 9.95 else 0
    return f"{number_format(round(amount, decimals), decimals)} {SIZE_UNITS[unit]}".replace(".0 ", " ")


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
    attrs = {"class": classes}
    if described := field.aria_describedby:
        attrs["aria-describedby"] = described
    return field.as_widget(attrs=attrs)


@register.filter
def is_confirmed(field: BoundField) -> bool:
    """True where the form came back with errors but this field was filled and is right."""
    return bool(field.form.is_bound and field.form.errors and not field.errors and field.value())
