"""The only database code: models, migrations, queries, state files.

In: values of the stages. Out: rows, and values read back. Never: a decision. Importing this
package makes Django's settings, because models cannot be declared without; no database is opened
before `database.open_store`.
"""

import os

import django
from django.conf import settings

from aupkeep.store import django_settings

if not settings.configured and "DJANGO_SETTINGS_MODULE" not in os.environ:
    settings.configure(
        **{name: getattr(django_settings, name) for name in dir(django_settings) if name.isupper()}
    )
    django.setup()
