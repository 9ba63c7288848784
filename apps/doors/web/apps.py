from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from typing_extensions import override


class WebConfig(AppConfig):
    name = "apps.doors.web"

    @override
    def ready(self) -> None:
        # Pages name jobs by the titles their tasks are registered under.
        autodiscover_modules("tasks")
