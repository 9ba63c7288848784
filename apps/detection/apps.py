from django.apps import AppConfig
from django.core.checks import register

from apps.detection.checks import check_detector_file


class DetectionConfig(AppConfig):
    name = "apps.detection"
    verbose_name = "Detection"

    def ready(self) -> None:
        register(check_detector_file)
