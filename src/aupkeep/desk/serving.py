"""The ASGI application of one installation.

In: an opened installation, its secret, a clock. Out: the application. Django's settings are one a
process: the store made them with what the database needs, and here the rest of a web server's is
added before anything of it is built.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.asgi import get_asgi_application

from aupkeep.desk.bodies import App, limited
from aupkeep.desk.library import Library
from aupkeep.desk.site import HERE, SETTING, STATIC, STATIC_URL, Site, stylesheet
from aupkeep.flow.installation import Installation

#: Seconds after which a person signs in anew.
SESSION_SECONDS = 12 * 3600
#: Seconds for which browsers may keep the stylesheet; its address changes with its text.
STATIC_SECONDS = 30 * 86_400

_MIDDLEWARE = [
    "aupkeep.desk.guard.Headers",
    "aupkeep.desk.guard.Static",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "aupkeep.desk.guard.Refusals",
]
_TEMPLATES = {
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [HERE],
    "OPTIONS": {
        "builtins": ["aupkeep.desk.tags"],
        "context_processors": ["django.contrib.messages.context_processors.messages"],
    },
}


def application(installation: Installation, secret: bytes, now: Callable[[], int]) -> App:
    """Return the application that serves `installation`; at most one a process."""
    providers = [item.name for item in installation.settings.provider]
    site = Site(
        installation=installation,
        secret=secret,
        library=Library(providers),
        now=now,
        stylesheet=stylesheet(),
    )
    for name, value in web_settings(site).items():
        setattr(settings, name, value)
    _log()
    built = get_asgi_application()
    SessionStore.clear_expired()
    return limited(built)


def web_settings(site: Site) -> dict[str, Any]:
    """Return the settings of Django that serving pages needs."""
    desk = site.installation.settings.desk
    base = urlsplit(desk.base)
    return {
        SETTING: site,
        "SECRET_KEY": site.secret.hex(),
        "ALLOWED_HOSTS": _hosts(desk.listen, base.hostname or ""),
        "ROOT_URLCONF": "aupkeep.desk.urls",
        "MIDDLEWARE": _MIDDLEWARE,
        "TEMPLATES": [_TEMPLATES],
        "STATIC_URL": STATIC_URL,
        "STATIC_ROOT": str(STATIC),
        "WHITENOISE_MAX_AGE": STATIC_SECONDS,
        "WHITENOISE_ALLOW_ALL_ORIGINS": False,
        "CSRF_TRUSTED_ORIGINS": [f"{base.scheme}://{base.netloc}"],
        "CSRF_FAILURE_VIEW": "aupkeep.desk.errors.stale_form",
        **_cookies(site.secret, secure=base.scheme == "https"),
        "MESSAGE_STORAGE": "django.contrib.messages.storage.cookie.CookieStorage",
    }


def _cookies(secret: bytes, *, secure: bool) -> dict[str, Any]:
    # Browsers share cookies between the ports of a machine; two desks there must not.
    own = hashlib.sha256(b"cookies" + secret).hexdigest()[:8]
    prefix = "__Host-" if secure else ""
    return {
        "CSRF_COOKIE_NAME": f"{prefix}form-{own}",
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_SECURE": secure,
        "SESSION_COOKIE_NAME": f"{prefix}desk-{own}",
        "SESSION_COOKIE_AGE": SESSION_SECONDS,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
    }


def _hosts(listen: str, named: str) -> list[str]:
    """Return the names under which the desk answers; another one may be a trap."""
    host = listen.rpartition(":")[0].strip("[]")
    plain = {named, host, "localhost", "127.0.0.1", "::1"} - {""}
    return sorted(f"[{name}]" if ":" in name else name for name in plain)


class _WithoutLinks(logging.Filter):
    """Takes what follows the first word of an address out of log lines: links are secrets."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change `record` in place; nothing is left out."""
        record.msg = re.sub(r"(/[\w-]+/)\S+", r"\1...", record.getMessage())
        record.args = None
        return True


def _log() -> None:
    """Send the faults of pages to standard error."""
    handler = logging.StreamHandler()
    handler.addFilter(_WithoutLinks())
    for name in ("django.request", "aupkeep.desk"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.ERROR)
        logger.propagate = False
