"""The record of a release's review, as JSON or PDF."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.packaging.review_report import fetch_report
from apps.packaging.review_report_pdf import render_pdf
from apps.releases.access import fetch_release
from earmark.management.base import Command as Base
from earmark.management.base import find_dataset


class Command(Base):
    help = (
        "Write the review report of a release: what was scanned, found, decided, sampled and"
        " answered. The end of the file's name says the form, .json or .pdf; without --out the"
        " JSON is printed."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("release_version", metavar="VERSION")
        parser.add_argument("--out", default="", metavar="FILE", help="where to write it")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        dataset = find_dataset(actor, options["dataset"])
        report = fetch_report(actor, fetch_release(actor, dataset, options["release_version"]))
        if options["out"]:
            path = Path(options["out"])
            text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
            path.write_bytes(render_pdf(report) if path.suffix == ".pdf" else text.encode())
            return {"written": str(path), "extent": report["extent"], "root": report["root"]}
        return report

    def say(self, value: Any) -> list[str]:
        if "written" in value:
            return [f"Wrote the {value['extent']} report to {value['written']}."]
        return [json.dumps(value, indent=1, ensure_ascii=False)]
