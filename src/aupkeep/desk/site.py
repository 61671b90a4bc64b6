"""What every page of one running desk has in common.

In: an opened installation. Out: `Site`, kept in Django's settings, which are one a process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from aupkeep.desk.library import Library
from aupkeep.flow.installation import Installation

#: The folder of templates, static files and the packages that hold them.
HERE = Path(__file__).parent
STATIC = HERE / "static"
STATIC_URL = "/static/"
_STYLESHEET = "desk/desk.css"
#: The name under which Django's settings keep the site.
SETTING = "AUPKEEP_SITE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One installation as the desk shows it."""

    installation: Installation
    #: What links and sessions are signed with.
    secret: bytes
    library: Library
    #: The present in microseconds UTC.
    now: Callable[[], int]
    #: Address of the stylesheet; it changes with its text, so that browsers may keep it.
    stylesheet: str


def site() -> Site:
    """Return the site that this process serves."""
    found: Site = getattr(settings, SETTING)
    return found


def stylesheet() -> str:
    """Return the address of the stylesheet in its present form."""
    digest = hashlib.sha256((STATIC / _STYLESHEET).read_bytes()).hexdigest()[:12]
    return f"{STATIC_URL}{_STYLESHEET}?{digest}"
