"""The demo: data, web server and worker."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from earmark.demo.build import build_demo, write_summary
from earmark.supervisor import supervise_children


class Command(BaseCommand):
    help = "Build the demo's data once, then serve it (--once: build it and end)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="build, write var/demo.json, end")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        summary = Path(settings.STATE) / "demo.json"
        if not summary.exists():
            write_summary(build_demo(self.stdout.write))
        self._tell(json.loads(summary.read_text(encoding="utf-8")), summary)
        if not options["once"]:
            supervise_children(self.stderr.write)

    def _tell(self, demo: dict[str, Any], summary: Path) -> None:
        host = demo["base_url"]
        dataset, version = demo["dataset"], demo["versions"][-1]
        token = demo["tokens"]["researcher"]
        lines = [
            "",
            f"Earmark is at {host}/",
            f"  dataset      {host}/datasets/{dataset}",
            "",
            "Sign in as (user, password):",
            *(f"  {name:<6} {password}" for name, password in demo["users"].items()),
            "",
            "Try as the researcher who was let in:",
            f"  curl -H 'Authorization: Bearer {token}' {host}/api/v1/datasets/{dataset}/",
            f"  .venv/bin/python manage.py diff {dataset} {demo['versions'][0]} {version}",
            "",
            f"The Hub snapshot of {version} lies in {summary.parent / 'snapshots'}; sent nowhere."
            " This would send it:",
            f"  EARMARK_HUB_TOKEN=hf_… .venv/bin/python manage.py save_target"
            f" {dataset.split('/')[0]} hub --repository 'NAMESPACE/{{dataset}}' --as ada",
            f"  .venv/bin/python manage.py publish {dataset} {version} --target hub --as rita",
            "",
            f"Everything above is in {summary}.",
            *(f"note: {note}" for note in demo["notes"]),
        ]
        self.stdout.write("\n".join(lines))
