"""The commands that take a release out of each door, as they can be typed."""

from dataclasses import dataclass

from django.conf import settings

from apps.releases.models import Release


@dataclass(frozen=True)
class DoorCommand:
    """One way to take a release; `label` ends the sentence "Copy …"."""

    door: str
    label: str
    text: str
    note: str


def commands_for(release: Release) -> list[DoorCommand]:
    base = settings.BASE_URL.rstrip("/")
    name = release.dataset.full_name
    folder = release.dataset.name
    git = f"{base}/git/{name}.git"
    return [
        DoorCommand(
            "DVC",
            "the DVC command",
            f"dvc get {git} data --rev {release.tag} -o {folder}",
            "The whole tree of this version, each file checked by its hash.",
        ),
        DoorCommand(
            "git and DVC",
            "the git and DVC commands",
            f"git clone --branch {release.tag} {git}\ncd {folder} && dvc pull",
            "The same, as a working copy that can move on to the next version.",
        ),
    ]
