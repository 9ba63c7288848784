from importlib import import_module

from django.apps import AppConfig
from typing_extensions import override


class ReviewConfig(AppConfig):
    name = "apps.review"
    # Of the room that this one came out of: tables and migrations keep its name.
    label = "privacy"
    verbose_name = "Review"

    @override
    def ready(self) -> None:
        # Detectors of whole drafts learn what review knows of the sounds in them.
        import_module("apps.review.draft_knowledge")
