"""Which server, and with which token: from the environment, else from a file of one's own."""

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from earmark.client.errors import CredentialsUnsafeError, NoAddressError

ADDRESS_VARIABLE = "EARMARK_URL"
TOKEN_VARIABLE = "EARMARK_TOKEN"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, slots=True)
class Account:
    """A server and who one is there; the token stays out of every representation."""

    address: str
    token: str = ""

    def __repr__(self) -> str:
        return f"Account({self.address!r}, token={'set' if self.token else 'none'})"


def choose_account(environ: Mapping[str, str], address: str = "") -> Account:
    """The server that was named, else of EARMARK_URL, else of the last sign-in."""
    kept = _read_credentials(find_credentials_path(environ))
    chosen = address or environ.get(ADDRESS_VARIABLE, "") or str(kept.get("default", ""))
    if not chosen:
        raise NoAddressError(
            f"Say which server: --url ADDRESS, the variable {ADDRESS_VARIABLE}, or once"
            " `earmark login --url ADDRESS`."
        )
    chosen = clean_address(chosen)
    token = environ.get(TOKEN_VARIABLE, "") or str(kept.get("tokens", {}).get(chosen, ""))
    return Account(chosen, token.strip())


def clean_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise NoAddressError(
            "A server's address begins with https:// or http:// and names no user."
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def save_account(environ: Mapping[str, str], account: Account) -> Path:
    """Write the token into the file, which only its owner can read; returns the file's path."""
    path = find_credentials_path(environ)
    kept = _read_credentials(path)
    tokens = {**kept.get("tokens", {}), account.address: account.token}
    text = json.dumps({"default": account.address, "tokens": tokens}, indent=2) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
    return path


def find_credentials_path(environ: Mapping[str, str]) -> Path:
    return _find_base_folder(environ, "XDG_CONFIG_HOME", ".config") / "earmark" / "credentials.json"


def find_state_path(environ: Mapping[str, str]) -> Path:
    """Where unfinished pushes are remembered."""
    return _find_base_folder(environ, "XDG_STATE_HOME", ".local/state") / "earmark"


def _find_base_folder(environ: Mapping[str, str], variable: str, below_home: str) -> Path:
    named = environ.get(variable, "")
    return Path(named) if named else Path(environ.get("HOME") or Path.home()) / below_home


def _read_credentials(path: Path) -> dict[str, Any]:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return {}
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise CredentialsUnsafeError(
            f"Others can read {path}: chmod 600 it, and make a new token in place of the old one."
        )
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        kept = None
    if not isinstance(kept, dict):
        raise NoAddressError(f"{path} is not readable: remove it and sign in again.")
    return kept
