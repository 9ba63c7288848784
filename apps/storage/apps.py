from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from typing_extensions import override


class StorageConfig(AppConfig):
    name = "apps.storage"
    verbose_name = "Storage"

    @override
    def ready(self) -> None:
        # Every room says what of its own can hold something of a clip.
        autodiscover_modules("clip_holders")
