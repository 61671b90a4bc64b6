# Whoever was let in before roles existed reads what they read then.

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "0001_first")]

    operations = [
        migrations.AddField(
            model_name="person",
            name="role",
            field=models.CharField(default="lead", max_length=20),
        ),
    ]
