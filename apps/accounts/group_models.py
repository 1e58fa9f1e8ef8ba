"""Which rights the ready-made groups were given so far, so that a new one is given once and a taken one stays taken."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db import models
from django.utils.translation import gettext_lazy as _


class OfferedRight(models.Model):
    """A permission that a ready-made group was given, whether it still has it or not."""

    group = models.ForeignKey(
        Group, verbose_name=_("group"), on_delete=models.CASCADE, related_name="+"
    )
    permission = models.ForeignKey(
        Permission, verbose_name=_("permission"), on_delete=models.CASCADE, related_name="+"
    )

    class Meta:
        """Each once; a record of the portal's own, with no page."""

        verbose_name = _("offered right")
        verbose_name_plural = _("offered rights")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["group", "permission"], name="one_offer_per_right")
        ]
