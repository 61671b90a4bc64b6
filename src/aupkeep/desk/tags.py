"""What templates say about times, names and long text.

In: values of a page. Out: escaped text and `<time>` elements.
"""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from aupkeep.base.clock import format_instant, to_datetime
from aupkeep.decisions.words import number
from aupkeep.desk import words
from aupkeep.desk.markup import markdown

register = template.Library()

register.filter("number", number)
register.filter("measure", words.name)
register.filter("scope", words.scope)
register.filter("reach", words.reach)
register.filter("people", words.people)
register.filter("span", words.span)

#: Where a long name may go on in the next line: before `@`, behind what joins words.
_JOINTS = re.compile(r"(?=@)|(?<=[_./:-])")

#: Characters of a stranger's word shown on a page; all of it stands in the log it came from.
LONGEST = 300


@register.filter
def at(instant: int) -> SafeString:
    """Return an instant as a `<time>` in UTC."""
    return format_html(
        '<time datetime="{}">{}</time>', format_instant(instant), words.when(instant)
    )


@register.filter
def minute(instant: int) -> SafeString:
    """Return an instant as a `<time>` in UTC, to the minute."""
    said = words.when(instant, seconds=False)
    return format_html('<time datetime="{}">{}</time>', format_instant(instant), said)


@register.filter
def local(instant: int, zone: str) -> SafeString:
    """Return an instant as a `<time>` for customers: in UTC, and in `zone` behind it."""
    there = to_datetime(instant).astimezone(ZoneInfo(zone))
    utc = to_datetime(instant)
    said = f"{_day(utc)}, {utc:%H:%M} UTC"
    if there.utcoffset():
        day = "" if there.date() == utc.date() else f"{_day(there)}, "
        said += f" ({day}{there:%H:%M} {there.tzname()}, {zone.replace('_', ' ')})"
    return format_html('<time datetime="{}">{}</time>', format_instant(instant), said)


def _day(moment: datetime) -> str:
    """Return a date in full, with spaces that keep it on one line."""
    return f"{moment.day}\N{NO-BREAK SPACE}{moment:%B}\N{NO-BREAK SPACE}{moment.year}"


@register.filter
def ago(instant: int, now: int) -> str:
    """Return how long an instant is past or ahead: `3 h ago`, `in 2 days`."""
    if instant <= now:
        return f"{words.span(now - instant)} ago"
    return f"in {words.span(instant - now)}"


@register.filter
def cut(text: object, most: int = LONGEST) -> str:
    """Return at most `most` characters, and say how many more there are."""
    whole = str(text)
    if len(whole) <= most:
        return whole
    return f"{whole[:most]}… ({len(whole) - most} characters more)"


@register.filter
def soft(text: str) -> SafeString:
    """Return a name or an address that may be broken where people would break it."""
    parts = _JOINTS.split(str(text))
    return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in parts if part))


@register.filter
def rendered(text: str, below: int) -> SafeString:
    """Return a policy's Markdown as HTML, its headings below level `below`."""
    return markdown(text, below=below)
