"""The talk with customers: bounces, letters of the talk, files, appeals."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0006_fees"),
    ]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="letter",
            field=models.CharField(db_index=True, default="", max_length=32),
        ),
        migrations.AddField(
            model_name="notice",
            name="held_only",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="notice",
            name="bounced_at",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="notice",
            name="bounce",
            field=models.TextField(default=""),
        ),
        migrations.AddField(
            model_name="notice",
            name="seen_at",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="answer",
            name="kind",
            field=models.CharField(db_index=True, default="answer", max_length=20),
        ),
        migrations.CreateModel(
            name="DueLetter",
            fields=[
                ("id", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("next_at", models.BigIntegerField(db_index=True, null=True)),
                ("attempts", models.IntegerField(default=0)),
                ("trouble", models.TextField(default="")),
                ("body", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("notice", models.CharField(db_index=True, max_length=32)),
                ("case", models.CharField(db_index=True, max_length=32)),
                ("at", models.BigIntegerField()),
                ("name", models.TextField()),
                ("kind", models.CharField(max_length=20)),
                ("size", models.BigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Appeal",
            fields=[
                ("id", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("sanction", models.CharField(db_index=True, max_length=32)),
                ("case", models.CharField(db_index=True, max_length=32)),
                ("provider", models.CharField(max_length=100)),
                ("at", models.BigIntegerField()),
                ("outcome", models.CharField(db_index=True, max_length=20)),
                ("body", models.TextField()),
            ],
        ),
    ]
