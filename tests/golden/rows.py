"""Rows of the database as JSON, and back into a database of any later version."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

Json = dict[str, Any]
ROOMS = (
    "accounts",
    "storage",
    "datasets",
    "consent",
    "licensing",
    "detection",
    "privacy",
    "ingest",
    "releases",
    "closures",
    "access",
    "packaging",
    "deliveries",
    "publishing",
)
# Nobody signs in with what is written here.
LEFT_OUT = {"accounts.user.password"}
# What may be there already, by what makes a row the same one.
SHARED = {
    "accounts.user": ("username",),
    "accounts.organisation": ("name",),
    "accounts.membership": ("user", "organisation", "role"),
    "releases.detectorinforce": ("profile", "detector"),
}


def dump_rows() -> list[Json]:
    """Every row of the rooms that a release rests on; a row comes after those it points to."""
    return [
        {"model": model._meta.label_lower, "pk": row.pk, "fields": _fields(row)}
        for model in _models_in_order()
        for row in model._default_manager.order_by("pk")
    ]


def load_rows(rows: Sequence[Json], registry: Any = apps, using: str = "default") -> None:
    """Insert rows under keys of their own; columns and tables of today that they lack are empty.

    A column or table that is no more is left out, as the migration that dropped it did.
    """
    keys: dict[tuple[str, Any], Any] = {}
    for row in rows:
        model = _find_model(row["model"], registry)
        if model is None:
            continue
        made = _insert(model, _values(model, row["fields"], keys), using)
        keys[model._meta.db_table, row["pk"]] = made.pk


def _find_model(name: str, registry: Any) -> Any:
    """The model that has the rows now: models change rooms, and their tables keep their names."""
    try:
        return registry.get_model(name)
    except LookupError:
        models_now = registry.get_models(include_auto_created=True)
        table = name.replace(".", "_")
        return next((model for model in models_now if model._meta.db_table == table), None)


def _insert(model: type[models.Model], values: Json, using: str) -> models.Model:
    known = SHARED.get(model._meta.label_lower)
    if known is not None:
        there = model._base_manager.using(using).filter(**{name: values[name] for name in known})
        if there:
            return there[0]
    row = model(**{_attribute(model, name): values[name] for name in values})
    # Raw, so that moments stay what they were.
    row.save_base(raw=True, force_insert=True, using=using)
    return row


def _attribute(model: type[models.Model], name: str) -> str:
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field.attname


def _values(model: Any, fields: Json, keys: Mapping[tuple[str, Any], Any]) -> Json:
    values = {}
    for field in model._meta.concrete_fields:
        if field.name not in fields:
            continue
        value = fields[field.name]
        if field.remote_field is not None and value is not None:
            value = keys[field.related_model._meta.db_table, value]
        values[field.name] = field.to_python(value)
    return values


def _models_in_order() -> list[type[models.Model]]:
    """Models whose foreign keys point to earlier ones or to themselves."""
    found = apps.get_models(include_auto_created=True)
    waiting = [model for model in found if model._meta.app_label in ROOMS]
    waiting.sort(key=lambda model: ROOMS.index(model._meta.app_label))
    order: list[type[models.Model]] = []
    while waiting:
        following = next(model for model in waiting if not _needs(model) & set(waiting))
        waiting.remove(following)
        order.append(following)
    return order


def _needs(model: type[models.Model]) -> set[Any]:
    keys = [field for field in model._meta.concrete_fields if field.remote_field is not None]
    return {field.related_model for field in keys} - {model}


def _fields(row: models.Model) -> Json:
    return {
        field.name: _plain(field.value_from_object(row))
        for field in row._meta.concrete_fields
        if not field.primary_key and f"{row._meta.label_lower}.{field.name}" not in LEFT_OUT
    }


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


@contextmanager
def without_triggers(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let rows in as they were: triggers look at the step that was taken, not at where it led."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield
            cursor.execute("SET LOCAL session_replication_role = origin")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = list(cursor.fetchall())
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for _, statement in triggers:
            cursor.execute(statement)
