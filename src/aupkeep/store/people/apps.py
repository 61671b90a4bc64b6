"""The Django app that holds people."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """People and their links to sign in."""

    name = "aupkeep.store.people"
    label = "people"
