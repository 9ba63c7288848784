"""Serve what is there: web server and worker under one supervisor."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from apps.releases.lapses import note_passing_time
from earmark.supervisor import supervise_children


class Command(BaseCommand):
    help = "Bring the database up to date, then run the web server and a worker until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--reload", action="store_true", help="start both again whenever code changes"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        # Before the first reader comes: an upgrade may be the first to know who is in a release.
        note_passing_time()
        call_command("collectstatic", verbosity=0, interactive=False)
        self.stdout.write(f"Earmark is at {settings.BASE_URL}/ (stop with Ctrl-C)")
        supervise_children(self.stderr.write, reload=options["reload"])
