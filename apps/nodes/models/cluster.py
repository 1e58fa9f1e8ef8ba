"""Clusters as last seen; nothing here is asked of an engine."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Condition(models.TextChoices):
    """Trouble that has a name and a way out of its own, beside an answer that does not come."""

    NO_LEADER = "no_leader", _("without a leader")
    LOCKED = "locked", _("locked")


class Cluster(models.Model):
    """A Swarm, or the single engines that are in none."""

    class Kind(models.TextChoices):
        """Which backend serves it."""

        SWARM = "swarm", _("Swarm")
        STANDALONE = "standalone", _("standalone Swarm")
        ENGINES = "engines", _("single engines")

    name = models.CharField(_("name"), max_length=64, unique=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    native_id = models.CharField(_("Swarm id"), max_length=64, blank=True, db_index=True)
    observed_at = models.DateTimeField(_("last answer"), null=True, blank=True, editable=False)
    source = models.CharField(_("answered by"), max_length=250, blank=True, editable=False)
    stale_since = models.DateTimeField(_("no answer since"), null=True, blank=True, editable=False)
    stale_reason = models.TextField(_("why there is no answer"), blank=True, editable=False)
    condition = models.CharField(
        _("condition"), max_length=16, choices=Condition, blank=True, editable=False
    )
    facts = models.JSONField(_("what its managers say"), default=dict, blank=True, editable=False)
    discovery_url = models.CharField(
        _("discovery"),
        max_length=500,
        blank=True,
        help_text=_("A standalone Swarm's key store: etcd://host:2379,host:2379/prefix"),
    )
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        """By name."""

        verbose_name = _("cluster")
        verbose_name_plural = _("clusters")
        ordering = ["name"]
        permissions = [
            ("manage_cluster", _("Can rotate tokens and certificates, lock and unlock clusters")),
        ]

    def __str__(self) -> str:
        """The cluster's name."""
        return self.name
