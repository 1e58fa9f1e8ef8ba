"""Reading and writing rows that mirror a dataclass: one table says which column holds which field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from dce_portal.difference import Difference, HasNativeId

BATCH_ROWS = 200


@dataclass(frozen=True, slots=True)
class Shape[Item: HasNativeId]:
    """How a dataclass lies in a table: the column (or the path through a foreign key) of each field."""

    item: type[Item]
    columns: Mapping[str, str]

    def stored(self, rows: QuerySet[Any]) -> dict[str, Item]:
        """The rows as dataclasses, by native id."""
        values = rows.order_by().values_list(*self.columns.values())
        items = (self._item(row) for row in values.iterator(chunk_size=2000))
        return {item.native_id: item for item in items}

    def own_columns(self, item: Item) -> dict[str, Any]:
        """The values of the columns that are the row's own; foreign keys are the caller's."""
        return {
            column: _as_json(getattr(item, field))
            for field, column in self.columns.items()
            if "__" not in column
        }

    def _item(self, row: Sequence[Any]) -> Item:
        fields = zip(self.columns.items(), row, strict=True)
        return self.item(**{field: _as_field(value, path) for (field, path), value in fields})


def same_names(*names: str) -> dict[str, str]:
    """Fields whose column has their own name."""
    return {name: name for name in names}


def _as_field(value: Any, path: str) -> Any:  # noqa: ANN401 - whatever a column holds
    if isinstance(value, list):
        return tuple(value)
    return "" if value is None and "__" in path else value


def _as_json(value: Any) -> Any:  # noqa: ANN401 - whatever a field holds
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class MirrorWriter[Item: HasNativeId]:
    """Writes differences into the rows of one owner (a cluster or a node), named by its primary key."""

    shape: Shape[Item]
    model: type[Model]
    owner_column: str
    owner: int

    @property
    def rows(self) -> QuerySet[Any]:
        """The owner's rows."""
        return self.model._default_manager.filter(**{self.owner_column: self.owner})

    def stored(self) -> dict[str, Item]:
        """The owner's rows as dataclasses."""
        return self.shape.stored(self.rows)

    def write(
        self,
        difference: Difference[Item],
        *,
        links: Callable[[Item], Mapping[str, Any]] = lambda _item: {},
        **common: Any,  # noqa: ANN401 - columns that all rows share
    ) -> None:
        """Insert or update what differs, delete what is gone, then stamp all rows with the common columns."""
        columns = [
            {**self.shape.own_columns(item), **links(item), **common}
            for item in difference.to_write
        ]
        if columns:
            self._upsert(columns)
        self._delete(difference.ids_to_delete)
        if common:
            self.rows.update(**common)

    def _upsert(self, columns: Sequence[Mapping[str, Any]]) -> None:
        self.model._default_manager.bulk_create(
            [self.model(**{self.owner_column: self.owner}, **values) for values in columns],
            batch_size=BATCH_ROWS,
            update_conflicts=True,
            unique_fields=[self.owner_column, "native_id"],
            update_fields=[name for name in columns[0] if name != "native_id"],
        )

    def _delete(self, native_ids: Sequence[str]) -> None:
        for start in range(0, len(native_ids), BATCH_ROWS):
            self.rows.filter(native_id__in=native_ids[start : start + BATCH_ROWS]).delete()
