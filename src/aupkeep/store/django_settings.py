"""Django's settings, made from our own: the database and nothing else.

In: nothing at import (mypy's plugin reads this module too); `store.open_store` sets the path.
"""

SECRET_KEY = "not used: no session or form exists in this process"  # noqa: S105  # no secret
INSTALLED_APPS = ["aupkeep.store"]
DATABASES: dict[str, dict[str, object]] = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
