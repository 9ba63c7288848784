"""A live server, and a folder that is ready to be pushed to it."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import HfApi

from apps.accounts.models import Token, User
from apps.accounts.tokens import create_token
from apps.datasets.models import Clip
from tests.cast import Cast
from tests.factories.drafts import make_dataset, write_folder

NAME = "acme/tones"
SOUNDS = {f"field/{number:03d}.wav" for number in range(4)}


class PushSite:
    """Where it is served, who is there, and a folder of sounds with its tables and its card."""

    def __init__(self, url: str, cast: Cast, folder: Path) -> None:
        self.url, self.cast = url, cast
        made = write_folder(folder)
        self.dataset = make_dataset(cast)
        self.folder = made.sounds
        for table in (made.clips, made.events, made.consents):
            table.rename(self.folder / table.name)
        (self.folder / "README.md").write_text("---\npretty_name: Pushed tones\n---\n# Tones\n")

    def api(self, user: User | None = None, scope: str = Token.Scope.WRITE) -> HfApi:
        return HfApi(endpoint=self.url, token=write_token(user or self.cast.ada, scope))

    def clips(self) -> set[str]:
        rows = Clip.objects.filter(dataset=self.dataset).exclude(state=Clip.State.REMOVED)
        return set(rows.values_list("path", flat=True))


def write_token(user: User, scope: str = Token.Scope.WRITE) -> str:
    return create_token(actor=user, name="laptop", scope=scope).text
