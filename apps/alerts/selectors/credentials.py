"""Which credentials alerts know: people's tokens, and what other apps register; who may see which of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Concat

from apps.accounts.issued_models import IssuedSecret
from apps.accounts.models import PersonalToken, User
from apps.accounts.selectors import tokens_visible_to

type Viewer = User | AnonymousUser


EVERY, NONE = Q(), Q(pk__in=[])


@dataclass(frozen=True, slots=True)
class Credentials:
    """One kind of credential: the table, what alerts call a row of it, and those a person may see."""

    model: type[IssuedSecret]
    label: Any
    visible_to: Callable[[Any], QuerySet[Any]]
    is_used: Q = EVERY

    def alive(self) -> QuerySet[Any]:
        """Rows of `ref` and `label` that still can end by themselves, the nearest end first."""
        rows = self.model._default_manager.filter(
            self.is_used, revoked_at=None, expires_at__isnull=False
        )
        return rows.order_by("expires_at", "pk").values("expires_at", ref=F("pk"), label=self.label)


def _tokens_visible_to(user: Viewer) -> QuerySet[PersonalToken]:
    everyones = user.has_perm("accounts.view_personaltoken")
    return PersonalToken.objects.all() if everyones else tokens_visible_to(user)


TOKEN_LABEL = Concat("owner__username", Value(": "), "name", output_field=CharField())
_kinds: dict[str, Credentials] = {
    "token": Credentials(PersonalToken, TOKEN_LABEL, _tokens_visible_to, Q(owner__is_active=True)),
}


def register_credentials(kind: str, credentials: Credentials) -> None:
    """Say which others there are, such as a registry's robots."""
    _kinds[kind] = credentials


def credentials_of(kind: str) -> Credentials | None:
    """The kind's table; None for what is no credential."""
    return _kinds.get(kind)


def about_others(user: Viewer, prefix: str = "") -> Q:
    """A condition on alerts (through `prefix`) that holds for those about credentials the user may not see."""
    others = NONE
    for kind, credentials in _kinds.items():
        seen = credentials.visible_to(user).order_by().values("pk")
        others |= Q(**{f"{prefix}object_kind": kind}) & ~Q(**{f"{prefix}object_ref__in": seen})
    return others
