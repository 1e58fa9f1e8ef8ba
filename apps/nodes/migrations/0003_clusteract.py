"""What trouble a cluster or an engine has by name, and what an engine's disk held."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("nodes", "0002_agents_and_joining"),
    ]

    operations = [
        migrations.AddField(
            model_name="cluster",
            name="condition",
            field=models.CharField(
                blank=True,
                choices=[("no_leader", "without a leader"), ("locked", "locked")],
                editable=False,
                max_length=16,
                verbose_name="condition",
            ),
        ),
        migrations.AddField(
            model_name="engineendpoint",
            name="condition",
            field=models.CharField(
                blank=True,
                choices=[("no_leader", "without a leader"), ("locked", "locked")],
                editable=False,
                max_length=16,
                verbose_name="condition",
            ),
        ),
        migrations.CreateModel(
            name="EngineDiskUsage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("measured_at", models.DateTimeField(verbose_name="measured")),
                ("took_s", models.FloatField(default=0, verbose_name="took (s)")),
                ("usage", models.JSONField(default=dict, verbose_name="what its disk holds")),
                (
                    "node",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="disk_usage",
                        to="nodes.node",
                        verbose_name="node",
                    ),
                ),
            ],
            options={
                "verbose_name": "engine disk usage",
                "verbose_name_plural": "engine disk usages",
                "default_permissions": (),
            },
        ),
    ]
