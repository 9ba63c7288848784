from importlib import import_module

from django.apps import AppConfig
from typing_extensions import override


class AccessConfig(AppConfig):
    name = "apps.access"
    verbose_name = "Access"

    @override
    def ready(self) -> None:
        # Lists and pages below learn whom this room let in.
        import_module("apps.access.wiring")
