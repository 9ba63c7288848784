"""What is wrong with a deployment's own file of detectors is said when a command starts."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from apps.detection.own_kinds import DetectorFileError, read_detector_file, read_own_kinds


def check_detector_file(**options: Any) -> list[CheckMessage]:
    """One error where the file cannot be read, or a detector reports a kind nobody declared."""
    if not settings.DETECTORS_FILE:
        return []
    path = Path(settings.DETECTORS_FILE)
    try:
        read_own_kinds(read_detector_file(path), path)
    except DetectorFileError as problem:
        return [Error(problem.message, id="earmark.detectors_file")]
    return []
