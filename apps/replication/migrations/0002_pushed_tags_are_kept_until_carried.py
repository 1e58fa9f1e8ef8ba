from django.db import migrations, models
from django.db.models import F


def keep_schedules(apps, schema_editor):
    """Until now every run moved its rule's schedule on."""
    rules = apps.get_model("replication", "ReplicationRule").objects.using(
        schema_editor.connection.alias
    )
    rules.update(last_whole_at=F("last_started_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("replication", "0001_registries_rules_caches"),
    ]

    operations = [
        migrations.AddField(
            model_name="pushedtag",
            name="attempts",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="pushedtag",
            name="next_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="replicationrule",
            name="last_whole_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.RunPython(keep_schedules, migrations.RunPython.noop),
    ]
