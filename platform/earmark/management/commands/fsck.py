"""Prove every blob, listing, table, root, commit and tag."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.datasets.models import Dataset
from apps.releases.integrity import check_roots, list_expected_commits
from apps.storage.fsck import check_store, list_stores
from earmark.management.base import Acts, find_dataset
from earmark.management.base import Command as Base


class Command(Base):
    help = (
        "Prove that every blob is there and whole, and that every table, root, listing, commit and"
        " tag is what the releases say. Names what is broken; the exit code is 1 if anything is."
    )
    acts = Acts.NEVER

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME", nargs="?", help="default: all")
        parser.add_argument("--shallow", action="store_true", help="compare sizes, hash nothing")

    def work(self, actor: User | None, options: dict[str, Any]) -> list[dict[str, Any]]:
        named = options["dataset"]
        only = [find_dataset(None, named).uid] if named else list_stores()
        reports = []
        for store in only:
            dataset = Dataset.objects.filter(uid=store).first()
            expected = list_expected_commits(dataset) if dataset else None
            report = check_store(store, deep=not options["shallow"], expected=expected)
            roots = check_roots(dataset) if dataset else ()
            reports.append(
                {
                    "dataset": str(dataset) if dataset else None,
                    "store": str(store),
                    "blobs": report.blobs,
                    "bytes": report.size,
                    "versions": report.versions,
                    "problems": [
                        {"code": p.code, "subject": p.subject, "message": p.message, "hint": p.hint}
                        for p in (*report.problems, *roots)
                    ],
                }
            )
        return reports

    def say(self, value: list[dict[str, Any]]) -> list[str]:
        lines = []
        for report in value:
            name = report["dataset"] or report["store"]
            lines.append(
                f"{name}: {report['blobs']} blobs, {report['bytes']} bytes,"
                f" {report['versions']} versions, {len(report['problems'])} problems"
            )
            lines += [f"  {p['code']}: {p['message']} {p['hint']}" for p in report["problems"]]
        return lines or ["There is nothing to check."]

    def has_succeeded(self, value: list[dict[str, Any]]) -> bool:
        return not any(report["problems"] for report in value)
