"""People who came by OpenID are known by provider and number; those from before came by the one that is set."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.db import migrations


def bind_to_issuer(apps: Any, schema_editor: Any) -> None:
    """Where no provider is set, nobody is bound, and nobody comes in by a bare number again."""
    issuer = settings.CONFIGURATION.oidc_issuer
    if issuer is None:
        return
    accounts = apps.get_model("socialaccount", "SocialAccount")
    for account in accounts.objects.filter(provider="openid").iterator():
        account.uid = hashlib.sha256(f"{issuer}\0{account.uid}".encode()).hexdigest()
        account.save(update_fields=["uid"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_second_factors_and_sessions"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]

    operations = [migrations.RunPython(bind_to_issuer, migrations.RunPython.noop)]
