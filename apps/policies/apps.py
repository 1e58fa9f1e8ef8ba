"""The app's registration with Django."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PoliciesConfig(AppConfig):
    """Registers the app under its short label."""

    name = "apps.policies"
    label = "policies"
    verbose_name = _("Registry policies")

    def ready(self) -> None:
        """Hang the policies' marks on tags, and the page of deletions on a tag's own."""
        from apps.policies.pages.deletion import deletion_tab
        from apps.policies.selectors.marks import marks_of_policies
        from apps.registry.extensions import register_artifact_tab, register_tag_marks

        register_tag_marks(marks_of_policies)
        register_artifact_tab(deletion_tab())
