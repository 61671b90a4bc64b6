# What is personal of an entry stands beside its line, encrypted.

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0007_dialogue")]

    operations = [
        migrations.AddField(
            model_name="entry",
            name="envelope",
            field=models.BinaryField(null=True),
        ),
    ]
