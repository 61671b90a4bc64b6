"""Cases that move, and the acts on them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0004_exceptions"),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseAct",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("id", models.CharField(max_length=32, unique=True)),
                ("case", models.CharField(db_index=True, max_length=32)),
                ("at", models.BigIntegerField()),
                ("body", models.TextField()),
            ],
        ),
        migrations.AddField(
            model_name="case",
            name="look_at",
            field=models.BigIntegerField(db_index=True, null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="merged_into",
            field=models.CharField(db_index=True, default="", max_length=32),
        ),
        migrations.AddField(
            model_name="case",
            name="probe_at",
            field=models.BigIntegerField(db_index=True, null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="reseller",
            field=models.CharField(db_index=True, default="", max_length=200),
        ),
        # Cases of before are looked at once, which says when their causes may be gone.
        migrations.RunSQL("UPDATE store_case SET look_at = aware_at", migrations.RunSQL.noop),
    ]
