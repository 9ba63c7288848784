"""The components all pages share, and how quantities are written."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.doors.web.badges import find_badge
from apps.doors.web.components import (
    Bar,
    Change,
    ChangeGroup,
    Check,
    Column,
    Crumb,
    Region,
    Step,
    Tab,
)

register = template.Library()

THEMES = ("system", "light", "dark")
GLYPH_BYTES = 32
HEX_BYTE = 2
KILO = 1000
# What stands where there is no value.
NOTHING = "\N{EN DASH}"
_NOTICE_ICONS = {"good": "check", "warn": "alert", "bad": "alert"}
# Django's names for the levels of its messages.
_MESSAGE_TONES = {"success": "good", "warning": "warn", "error": "bad"}
MINUTE = 60
HOUR = 3600


@register.simple_tag
def earmark_version() -> str:
    return version("earmark")


@register.simple_tag
def theme(request: HttpRequest | None) -> str:
    """The theme this reader chose: "light", "dark", or "system" when none."""
    chosen = request.COOKIES.get("theme", "") if request else ""
    return chosen if chosen in THEMES else "system"


@register.simple_tag
def icon(name: str) -> SafeString:
    sprite = static("web/img/icons.svg")
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', sprite, name
    )


@register.simple_tag
def badge(kind: str, value: str) -> SafeString:
    """A state of a release, finding, job, answer, event or split, as a tag."""
    words, tone, symbol = find_badge(kind, str(value))
    drawn = icon(symbol) if symbol else ""
    return format_html('<span class="tag tone-{}">{}{}</span>', tone or "plain", drawn, words)


@register.simple_tag
def tag(words: str, tone: str = "plain", symbol: str = "") -> SafeString:
    drawn = icon(symbol) if symbol else ""
    return format_html('<span class="tag tone-{}">{}{}</span>', tone, drawn, words)


@register.simple_tag
def licence_tag(expression: str) -> SafeString:
    if not expression:
        return tag("no licence", "bad", "alert")
    return format_html('<span class="tag data">{}</span>', expression)


@register.simple_tag
def root_glyph(root: str) -> SafeString:
    """A release's root as 32 bars, one per byte: equal roots look equal wherever they are shown."""
    digits = root[: GLYPH_BYTES * HEX_BYTE]
    heights = [
        4 + int(digits[at : at + HEX_BYTE], 16) * 36 // 255
        for at in range(0, len(digits), HEX_BYTE)
    ]
    highest = heights.index(max(heights)) if heights else 0
    bars = format_html_join(
        "",
        '<rect x="{}" y="{}" width="4" height="{}"{}/>',
        (
            (
                at * 6,
                20 - height / 2,
                height,
                SafeString(' class="accent"') if at == highest else "",
            )
            for at, height in enumerate(heights)
        ),
    )
    return format_html(
        '<svg class="glyph" viewBox="0 0 190 40" role="img" aria-label="Root {}">{}</svg>',
        root[:12],
        bars,
    )


@register.inclusion_tag("web/components/breadcrumb.html")
def breadcrumb(crumbs: Sequence[Crumb]) -> dict[str, Any]:
    return {"crumbs": crumbs}


@register.inclusion_tag("web/components/tabs.html")
def tabs(items: Sequence[Tab], label: str) -> dict[str, Any]:
    return {"items": items, "label": label}


@register.inclusion_tag("web/components/steps.html")
def steps(items: Sequence[Step], label: str) -> dict[str, Any]:
    return {"items": items, "label": label}


@register.inclusion_tag("web/components/notice.html")
def notice(text: str, tone: str = "info", title: str = "") -> dict[str, Any]:
    tone = _MESSAGE_TONES.get(tone, tone)
    return {
        "text": text,
        "tone": tone,
        "title": title,
        "icon_name": _NOTICE_ICONS.get(tone, "info"),
    }


@register.inclusion_tag("web/components/empty.html")
def empty(
    title: str, text: str, url: str = "", action: str = "", symbol: str = "wave"
) -> dict[str, Any]:
    return {"title": title, "text": text, "url": url, "action": action, "symbol": symbol}


@register.inclusion_tag("web/components/stat.html")
def stat(label: str, value: object, unit: str = "", note: str = "") -> dict[str, Any]:
    return {"label": label, "value": value, "unit": unit, "note": note}


@register.inclusion_tag("web/components/command.html")
def command(text: str, label: str) -> dict[str, Any]:
    """A command to copy; `label` ends the sentence "Copy …"."""
    return {"text": text, "label": label}


@register.inclusion_tag("web/components/checklist.html")
def checklist(checks: Sequence[Check]) -> dict[str, Any]:
    return {"checks": checks}


@register.inclusion_tag("web/components/bars.html")
def bars(items: Sequence[Bar]) -> dict[str, Any]:
    return {"items": items}


@register.inclusion_tag("web/components/diff.html")
def diff_groups(groups: Sequence[ChangeGroup]) -> dict[str, Any]:
    return {"groups": groups}


@register.inclusion_tag("web/components/player.html")
def player(
    url: str,
    duration: float,
    regions: Sequence[Region],
    label: str,
    peaks_url: str = "",
    start: float = 0.0,
) -> dict[str, Any]:
    """Audio with its waveform; plain audio controls where scripts are off.

    `duration` is that of the audio, which begins `start` seconds into the clip; regions are given
    in the clip's own time.
    """
    return {
        "url": url,
        "duration": duration,
        "regions": regions,
        "label": label,
        "peaks_url": peaks_url,
        "start": start,
    }


@register.inclusion_tag("web/components/table_head.html", takes_context=True)
def table_head(
    context: template.Context, columns: Sequence[Column], sort: str = ""
) -> dict[str, Any]:
    """Headings of a table; `sort` is the key sorted by, with "-" before it when descending."""
    request = context["request"]
    return {"headings": [_build_heading(request, column, sort) for column in columns]}


@register.inclusion_tag("web/components/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    widget = bound.field.widget
    return {
        "field": bound,
        "is_choice": getattr(widget, "input_type", "") == "checkbox" and not bound.use_fieldset,
        "many": bound.use_fieldset,
    }


@register.inclusion_tag("web/components/error_summary.html")
def error_summary(form: BaseForm) -> dict[str, Any]:
    return {"form": form}


@register.inclusion_tag("web/components/form_fields.html")
def form_fields(form: BaseForm) -> dict[str, Any]:
    return {"form": form}


@register.filter
def changed_as(change: Change) -> str:
    if change.before and change.after:
        return "changed"
    return "added" if change.after else "removed"


@register.filter
def words(name: str) -> str:
    """A name of ours as words: "privacy_reviewer" is "privacy reviewer"."""
    return name.replace("_", " ")


@register.filter
def kind_words(kind: str) -> str:
    """The kind of a finding as words: "person_name" is "Person name"."""
    return kind.replace("_", " ").capitalize()


@register.filter
def clock(seconds: float | None) -> str:
    """Seconds as a position in a clip, to the millisecond: 1:02.345."""
    if seconds is None:
        return NOTHING
    minutes, rest = divmod(float(seconds), MINUTE)
    return f"{int(minutes)}:{rest:06.3f}"


@register.filter
def length_of(seconds: float | None) -> str:
    """Seconds as the length of something: 2.4 s, 3 min 20 s, 5.2 h."""
    if seconds is None:
        return NOTHING
    if seconds < MINUTE:
        return f"{seconds:.3g} s"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min {int(seconds % MINUTE)} s"
    return f"{seconds / HOUR:,.1f} h"


@register.filter
def size(count: int | None) -> str:
    """Bytes in powers of ten, as disks and networks count them."""
    if count is None:
        return NOTHING
    value = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < KILO:
            return f"{value:.3g} {unit}"
        value /= KILO
    return f"{value:,.1f} PB"


@register.filter
def hertz(value: float | None) -> str:
    if value is None:
        return NOTHING
    return f"{value / KILO:g} kHz" if value >= KILO else f"{value:g} Hz"


@register.filter
def short(digest: str | None) -> str:
    """The beginning of a hash, enough to tell two apart by eye."""
    return (digest or NOTHING)[:12]


@register.filter
def percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share * 100:.1f} %"


def _build_heading(request: HttpRequest, column: Column, sort: str) -> dict[str, Any]:
    if not column.key:
        return {"column": column}
    ascending = sort == column.key
    query = request.GET.copy()
    query["sort"] = f"-{column.key}" if ascending else column.key
    query.pop("after", None)
    order = {column.key: "ascending", f"-{column.key}": "descending"}.get(sort, "")
    return {"column": column, "url": f"?{query.urlencode()}", "order": order}
