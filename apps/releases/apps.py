from importlib import import_module

from django.apps import AppConfig
from typing_extensions import override


class ReleasesConfig(AppConfig):
    name = "apps.releases"
    verbose_name = "Releases"

    @override
    def ready(self) -> None:
        # What people allow changes after publication: this room hears of it in the same moment.
        import_module("apps.releases.wiring")
