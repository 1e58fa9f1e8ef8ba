import apps.metrics.models
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from apps.metrics.partitions import is_partitioned, make_days, table_sql


MEASURES = (
    *("cpu_cores", "memory_bytes", "network_rx_bps", "network_tx_bps", "block_read_bps"),
    *("block_write_bps", "pids", "load_1m", "swap_used_bytes", "disk_used_bytes"),
    "disk_total_bytes",
)
PARTS = ("count", "sum", "min", "max")


def make_sample_table(apps, schema_editor):
    database = schema_editor.connection
    schema_editor.execute(table_sql(MEASURES, vendor=database.vendor))


def pack_elsewhere(apps, schema_editor):
    """What is packed already would only be tried in vain."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "ALTER TABLE metrics_sealedhour ALTER COLUMN packed SET STORAGE EXTERNAL"
        )


def copy_rows(apps, schema_editor):
    """What was kept before stays; the coarser tiers are filled from it by the nightly repair."""
    database = schema_editor.connection
    with database.cursor() as cursor:
        if is_partitioned(database):
            cursor.execute("SELECT DISTINCT at_s / 86400 FROM metrics_oldsample")
            make_days([day * 86400 for (day,) in cursor.fetchall()], database)
        raw = ", ".join(("object_id", "at_s", *MEASURES))
        cursor.execute(f"INSERT INTO metrics_sample ({raw}) SELECT {raw} FROM metrics_oldsample")
        summed = [f"{name}_{part}" for name in MEASURES for part in PARTS]
        minute = ", ".join(("object_id", "minute_s", *summed))
        cursor.execute(
            f"INSERT INTO metrics_minutesample ({minute}) SELECT {minute} FROM metrics_oldminutesample"
        )


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0004_right_sizing"),
    ]

    operations = [
        migrations.RenameModel(
            old_name="Sample",
            new_name="OldSample",
        ),
        migrations.RenameModel(
            old_name="MinuteSample",
            new_name="OldMinuteSample",
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Sample",
                    fields=[
                        (
                            "object",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="%(class)ss",
                                to="metrics.metricobject",
                                verbose_name="object",
                            ),
                        ),
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "object_id",
                                "at_s",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("at_s", models.IntegerField(verbose_name="at (seconds since 1970)")),
                        ("cpu_cores", apps.metrics.models.RealField(null=True)),
                        ("memory_bytes", apps.metrics.models.RealField(null=True)),
                        ("network_rx_bps", apps.metrics.models.RealField(null=True)),
                        ("network_tx_bps", apps.metrics.models.RealField(null=True)),
                        ("block_read_bps", apps.metrics.models.RealField(null=True)),
                        ("block_write_bps", apps.metrics.models.RealField(null=True)),
                        ("pids", apps.metrics.models.RealField(null=True)),
                        ("load_1m", apps.metrics.models.RealField(null=True)),
                        ("swap_used_bytes", apps.metrics.models.RealField(null=True)),
                        ("disk_used_bytes", apps.metrics.models.RealField(null=True)),
                        ("disk_total_bytes", apps.metrics.models.RealField(null=True)),
                    ],
                    options={
                        "verbose_name": "sample",
                        "verbose_name_plural": "samples",
                        "indexes": [],
                        "constraints": [],
                    },
                ),
            ],
            database_operations=[
                migrations.RunPython(make_sample_table, migrations.RunPython.noop)
            ],
        ),
        migrations.CreateModel(
            name="SealedHour",
            fields=[
                (
                    "object",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)ss",
                        to="metrics.metricobject",
                        verbose_name="object",
                    ),
                ),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "object_id",
                        "hour_s",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("hour_s", models.IntegerField(verbose_name="hour (seconds since 1970)")),
                ("count", models.SmallIntegerField(verbose_name="samples")),
                (
                    "offsets",
                    models.IntegerField(verbose_name="sum of their seconds within the hour"),
                ),
                ("packed", models.BinaryField(verbose_name="packed samples")),
            ],
            options={
                "verbose_name": "sealed hour",
                "verbose_name_plural": "sealed hours",
                "indexes": [],
                "constraints": [],
            },
        ),
        migrations.CreateModel(
            name="MinuteSample",
            fields=[
                (
                    "object",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)ss",
                        to="metrics.metricobject",
                        verbose_name="object",
                    ),
                ),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "object_id",
                        "minute_s",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("minute_s", models.IntegerField(verbose_name="minute (seconds since 1970)")),
                ("cpu_cores_sum", models.FloatField(null=True)),
                ("memory_bytes_sum", models.FloatField(null=True)),
                ("network_rx_bps_sum", models.FloatField(null=True)),
                ("network_tx_bps_sum", models.FloatField(null=True)),
                ("block_read_bps_sum", models.FloatField(null=True)),
                ("block_write_bps_sum", models.FloatField(null=True)),
                ("pids_sum", models.FloatField(null=True)),
                ("load_1m_sum", models.FloatField(null=True)),
                ("swap_used_bytes_sum", models.FloatField(null=True)),
                ("disk_used_bytes_sum", models.FloatField(null=True)),
                ("disk_total_bytes_sum", models.FloatField(null=True)),
                ("cpu_cores_min", apps.metrics.models.RealField(null=True)),
                ("memory_bytes_min", apps.metrics.models.RealField(null=True)),
                ("network_rx_bps_min", apps.metrics.models.RealField(null=True)),
                ("network_tx_bps_min", apps.metrics.models.RealField(null=True)),
                ("block_read_bps_min", apps.metrics.models.RealField(null=True)),
                ("block_write_bps_min", apps.metrics.models.RealField(null=True)),
                ("pids_min", apps.metrics.models.RealField(null=True)),
                ("load_1m_min", apps.metrics.models.RealField(null=True)),
                ("swap_used_bytes_min", apps.metrics.models.RealField(null=True)),
                ("disk_used_bytes_min", apps.metrics.models.RealField(null=True)),
                ("disk_total_bytes_min", apps.metrics.models.RealField(null=True)),
                ("cpu_cores_max", apps.metrics.models.RealField(null=True)),
                ("memory_bytes_max", apps.metrics.models.RealField(null=True)),
                ("network_rx_bps_max", apps.metrics.models.RealField(null=True)),
                ("network_tx_bps_max", apps.metrics.models.RealField(null=True)),
                ("block_read_bps_max", apps.metrics.models.RealField(null=True)),
                ("block_write_bps_max", apps.metrics.models.RealField(null=True)),
                ("pids_max", apps.metrics.models.RealField(null=True)),
                ("load_1m_max", apps.metrics.models.RealField(null=True)),
                ("swap_used_bytes_max", apps.metrics.models.RealField(null=True)),
                ("disk_used_bytes_max", apps.metrics.models.RealField(null=True)),
                ("disk_total_bytes_max", apps.metrics.models.RealField(null=True)),
                ("cpu_cores_count", models.SmallIntegerField(null=True)),
                ("memory_bytes_count", models.SmallIntegerField(null=True)),
                ("network_rx_bps_count", models.SmallIntegerField(null=True)),
                ("network_tx_bps_count", models.SmallIntegerField(null=True)),
                ("block_read_bps_count", models.SmallIntegerField(null=True)),
                ("block_write_bps_count", models.SmallIntegerField(null=True)),
                ("pids_count", models.SmallIntegerField(null=True)),
                ("load_1m_count", models.SmallIntegerField(null=True)),
                ("swap_used_bytes_count", models.SmallIntegerField(null=True)),
                ("disk_used_bytes_count", models.SmallIntegerField(null=True)),
                ("disk_total_bytes_count", models.SmallIntegerField(null=True)),
            ],
            options={
                "verbose_name": "minute",
                "verbose_name_plural": "minutes",
                "indexes": [],
                "constraints": [],
            },
        ),
        migrations.CreateModel(
            name="QuarterSample",
            fields=[
                (
                    "object",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)ss",
                        to="metrics.metricobject",
                        verbose_name="object",
                    ),
                ),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "object_id",
                        "quarter_s",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("quarter_s", models.IntegerField(verbose_name="quarter (seconds since 1970)")),
                ("cpu_cores_sum", models.FloatField(null=True)),
                ("memory_bytes_sum", models.FloatField(null=True)),
                ("network_rx_bps_sum", models.FloatField(null=True)),
                ("network_tx_bps_sum", models.FloatField(null=True)),
                ("block_read_bps_sum", models.FloatField(null=True)),
                ("block_write_bps_sum", models.FloatField(null=True)),
                ("pids_sum", models.FloatField(null=True)),
                ("load_1m_sum", models.FloatField(null=True)),
                ("swap_used_bytes_sum", models.FloatField(null=True)),
                ("disk_used_bytes_sum", models.FloatField(null=True)),
                ("disk_total_bytes_sum", models.FloatField(null=True)),
                ("cpu_cores_min", apps.metrics.models.RealField(null=True)),
                ("memory_bytes_min", apps.metrics.models.RealField(null=True)),
                ("network_rx_bps_min", apps.metrics.models.RealField(null=True)),
                ("network_tx_bps_min", apps.metrics.models.RealField(null=True)),
                ("block_read_bps_min", apps.metrics.models.RealField(null=True)),
                ("block_write_bps_min", apps.metrics.models.RealField(null=True)),
                ("pids_min", apps.metrics.models.RealField(null=True)),
                ("load_1m_min", apps.metrics.models.RealField(null=True)),
                ("swap_used_bytes_min", apps.metrics.models.RealField(null=True)),
                ("disk_used_bytes_min", apps.metrics.models.RealField(null=True)),
                ("disk_total_bytes_min", apps.metrics.models.RealField(null=True)),
                ("cpu_cores_max", apps.metrics.models.RealField(null=True)),
                ("memory_bytes_max", apps.metrics.models.RealField(null=True)),
                ("network_rx_bps_max", apps.metrics.models.RealField(null=True)),
                ("network_tx_bps_max", apps.metrics.models.RealField(null=True)),
                ("block_read_bps_max", apps.metrics.models.RealField(null=True)),
                ("block_write_bps_max", apps.metrics.models.RealField(null=True)),
                ("pids_max", apps.metrics.models.RealField(null=True)),
                ("load_1m_max", apps.metrics.models.RealField(null=True)),
                ("swap_used_bytes_max", apps.metrics.models.RealField(null=True)),
                ("disk_used_bytes_max", apps.metrics.models.RealField(null=True)),
                ("disk_total_bytes_max", apps.metrics.models.RealField(null=True)),
                ("cpu_cores_count", models.SmallIntegerField(null=True)),
                ("memory_bytes_count", models.SmallIntegerField(null=True)),
                ("network_rx_bps_count", models.SmallIntegerField(null=True)),
                ("network_tx_bps_count", models.SmallIntegerField(null=True)),
                ("block_read_bps_count", models.SmallIntegerField(null=True)),
                ("block_write_bps_count", models.SmallIntegerField(null=True)),
                ("pids_count", models.SmallIntegerField(null=True)),
                ("load_1m_count", models.SmallIntegerField(null=True)),
                ("swap_used_bytes_count", models.SmallIntegerField(null=True)),
                ("disk_used_bytes_count", models.SmallIntegerField(null=True)),
                ("disk_total_bytes_count", models.SmallIntegerField(null=True)),
            ],
            options={
                "verbose_name": "quarter of an hour",
                "verbose_name_plural": "quarters of an hour",
                "indexes": [],
                "constraints": [],
            },
        ),
        migrations.CreateModel(
            name="TwoHourSample",
            fields=[
                (
                    "object",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)ss",
                        to="metrics.metricobject",
                        verbose_name="object",
                    ),
                ),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "object_id",
                        "two_hours_s",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("two_hours_s", models.IntegerField(verbose_name="two hours (seconds since 1970)")),
                ("cpu_cores_sum", models.FloatField(null=True)),
                ("memory_bytes_sum", models.FloatField(null=True)),
                ("network_rx_bps_sum", models.FloatField(null=True)),
                ("network_tx_bps_sum", models.FloatField(null=True)),
                ("block_read_bps_sum", models.FloatField(null=True)),
                ("block_write_bps_sum", models.FloatField(null=True)),
                ("pids_sum", models.FloatField(null=True)),
                ("load_1m_sum", models.FloatField(null=True)),
                ("swap_used_bytes_sum", models.FloatField(null=True)),
                ("disk_used_bytes_sum", models.FloatField(null=True)),
                ("disk_total_bytes_sum", models.FloatField(null=True)),
                ("cpu_cores_min", apps.metrics.models.RealField(null=True)),
                ("memory_bytes_min", apps.metrics.models.RealField(null=True)),
                ("network_rx_bps_min", apps.metrics.models.RealField(null=True)),
                ("network_tx_bps_min", apps.metrics.models.RealField(null=True)),
                ("block_read_bps_min", apps.metrics.models.RealField(null=True)),
                ("block_write_bps_min", apps.metrics.models.RealField(null=True)),
                ("pids_min", apps.metrics.models.RealField(null=True)),
                ("load_1m_min", apps.metrics.models.RealField(null=True)),
                ("swap_used_bytes_min", apps.metrics.models.RealField(null=True)),
                ("disk_used_bytes_min", apps.metrics.models.RealField(null=True)),
                ("disk_total_bytes_min", apps.metrics.models.RealField(null=True)),
                ("cpu_cores_max", apps.metrics.models.RealField(null=True)),
                ("memory_bytes_max", apps.metrics.models.RealField(null=True)),
                ("network_rx_bps_max", apps.metrics.models.RealField(null=True)),
                ("network_tx_bps_max", apps.metrics.models.RealField(null=True)),
                ("block_read_bps_max", apps.metrics.models.RealField(null=True)),
                ("block_write_bps_max", apps.metrics.models.RealField(null=True)),
                ("pids_max", apps.metrics.models.RealField(null=True)),
                ("load_1m_max", apps.metrics.models.RealField(null=True)),
                ("swap_used_bytes_max", apps.metrics.models.RealField(null=True)),
                ("disk_used_bytes_max", apps.metrics.models.RealField(null=True)),
                ("disk_total_bytes_max", apps.metrics.models.RealField(null=True)),
                ("cpu_cores_count", models.SmallIntegerField(null=True)),
                ("memory_bytes_count", models.SmallIntegerField(null=True)),
                ("network_rx_bps_count", models.SmallIntegerField(null=True)),
                ("network_tx_bps_count", models.SmallIntegerField(null=True)),
                ("block_read_bps_count", models.SmallIntegerField(null=True)),
                ("block_write_bps_count", models.SmallIntegerField(null=True)),
                ("pids_count", models.SmallIntegerField(null=True)),
                ("load_1m_count", models.SmallIntegerField(null=True)),
                ("swap_used_bytes_count", models.SmallIntegerField(null=True)),
                ("disk_used_bytes_count", models.SmallIntegerField(null=True)),
                ("disk_total_bytes_count", models.SmallIntegerField(null=True)),
            ],
            options={
                "verbose_name": "two hours",
                "verbose_name_plural": "two hours",
                "indexes": [],
                "constraints": [],
            },
        ),
        migrations.CreateModel(
            name="Retention",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "raw_hours",
                    models.PositiveSmallIntegerField(
                        default=24,
                        validators=[
                            django.core.validators.MinValueValidator(3),
                            django.core.validators.MaxValueValidator(168),
                        ],
                        verbose_name="raw samples, as they came (hours)",
                    ),
                ),
                (
                    "sealed_days",
                    models.PositiveSmallIntegerField(
                        default=14,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(90),
                        ],
                        verbose_name="raw samples, packed (days)",
                    ),
                ),
                (
                    "minute_days",
                    models.PositiveSmallIntegerField(
                        default=7,
                        validators=[
                            django.core.validators.MinValueValidator(2),
                            django.core.validators.MaxValueValidator(90),
                        ],
                        verbose_name="minutes (days)",
                    ),
                ),
                (
                    "quarter_days",
                    models.PositiveSmallIntegerField(
                        default=90,
                        validators=[
                            django.core.validators.MinValueValidator(2),
                            django.core.validators.MaxValueValidator(400),
                        ],
                        verbose_name="quarters of an hour (days)",
                    ),
                ),
                (
                    "two_hours_days",
                    models.PositiveSmallIntegerField(
                        default=731,
                        validators=[
                            django.core.validators.MinValueValidator(2),
                            django.core.validators.MaxValueValidator(3660),
                        ],
                        verbose_name="two hours (days)",
                    ),
                ),
                (
                    "found",
                    models.JSONField(
                        default=dict, editable=False, verbose_name="what the tables take"
                    ),
                ),
                (
                    "found_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="looked at"),
                ),
            ],
            options={
                "verbose_name": "retention of usage",
                "verbose_name_plural": "retention of usage",
                "default_permissions": ("view", "change"),
                "indexes": [],
                "constraints": [],
            },
        ),
        migrations.RunPython(pack_elsewhere, migrations.RunPython.noop),
        migrations.RunPython(copy_rows, migrations.RunPython.noop),
        migrations.DeleteModel(
            name="OldSample",
        ),
        migrations.DeleteModel(
            name="OldMinuteSample",
        ),
        migrations.AlterField(
            model_name="metricobject",
            name="kind",
            field=models.CharField(
                choices=[
                    ("cluster", "cluster"),
                    ("node", "node"),
                    ("service", "service"),
                    ("stack", "stack"),
                    ("container", "container"),
                    ("volume", "volume"),
                    ("namespace", "registry namespace"),
                ],
                max_length=16,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="metricobject",
            name="source",
            field=models.CharField(
                choices=[
                    ("host", "the machine itself"),
                    ("agent", "the node's agent"),
                    ("containers", "the sum of its containers"),
                    ("nodes", "the sum of its nodes"),
                    ("engine", "the engine"),
                    ("registry", "the registry's catalogue"),
                ],
                max_length=16,
                verbose_name="told by",
            ),
        ),
        migrations.AlterField(
            model_name="metricobject",
            name="cluster_ref",
            field=models.BigIntegerField(help_text="0 is none", verbose_name="cluster"),
        ),
        migrations.AddField(
            model_name="metricobject",
            name="stack_ref",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="stack"),
        ),
        migrations.AddIndex(
            model_name="metricobject",
            index=models.Index(fields=["stack_ref"], name="measured_of_stack"),
        ),
    ]
