"""The one Django application of the engine."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """Names the application `store`."""

    name = "aupkeep.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"
