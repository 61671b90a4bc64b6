"""Django's settings, made from our own: the database and who may sign in.

In: nothing at import (mypy's plugin reads this module too); `store.open_store` sets the path, and
the desk adds what only a web server needs.
"""

SECRET_KEY = "not used: no session or form exists in this process"  # noqa: S105  # no secret
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "aupkeep.store.people",
    "aupkeep.store",
]
AUTH_USER_MODEL = "people.Person"
DATABASES: dict[str, dict[str, object]] = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
