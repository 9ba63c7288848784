"""Typed readers of environment variables that refuse nonsense at start, not at midnight."""

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def read_text(name: str, default: str | None = None) -> str:
    """The value of `name`, or of the file that `name_FILE` points to."""
    file = os.environ.get(f"{name}_FILE")
    if file:
        return Path(file).read_text(encoding="utf-8").strip()
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set {name} (or {name}_FILE).")
    return value


def read_flag(name: str, *, default: bool) -> bool:
    """True or false, in the usual spellings."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name}={value!r}: expected true or false.")
    return value.lower() in TRUE


def read_number(name: str, default: int, *, least: int = 0) -> int:
    """A whole number that is at least `least`."""
    value = os.environ.get(name, str(default))
    if not value.lstrip("-").isdigit() or int(value) < least:
        raise ImproperlyConfigured(f"{name}={value!r}: expected a whole number from {least}.")
    return int(value)


def read_names(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [part.strip() for part in read_text(name, default).split(",") if part.strip()]


def read_url(name: str, default: str | None = None) -> str:
    """An http(s) address without a trailing slash."""
    value = read_text(name, default).rstrip("/")
    if urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).netloc:
        raise ImproperlyConfigured(f"{name}={value!r}: expected http://… or https://….")
    return value


def parse_database_url(value: str, *, pool: bool = False) -> dict[str, object]:
    """Django's DATABASES entry for `sqlite:///path` or `postgres://user:password@host/name`."""
    parts = urlsplit(value)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": parts.path,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL: expected sqlite:///… or postgres://….")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or dict(parse_qsl(parts.query)).get("host", ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": {"pool": True} if pool else {},
    }
