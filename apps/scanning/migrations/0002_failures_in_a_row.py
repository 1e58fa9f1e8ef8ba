from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scanning", "0001_reports_sboms_policies"),
    ]

    operations = [
        migrations.AddField(
            model_name="scanreport",
            name="attempts",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
