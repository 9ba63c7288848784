"""Every number on every surface of a release is one that is counted here, by plain code of its own.

A number is looked for by the words around it. One that stands in no words known here fails, so that
a new sentence comes with its count. Only what is no count at all passes by its form: moments,
digests, addresses, licences, versions, and the names of files and columns.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from reportlab.platypus import Flowable, Paragraph, Table

from apps.detection.models import Finding
from apps.packaging.content_loading import load_content
from apps.packaging.documents import build_release_croissant, render_release_documents
from apps.packaging.review_report import load_report
from apps.packaging.review_report_pdf import _render_sections
from apps.releases.models import Release
from apps.review.models import Redaction, SampleClip
from tests.apps.packaging import counted_release as plan
from tests.apps.packaging.counted_release import Made, count, publish_counted
from tests.apps.packaging.expected_counts import list_counts
from tests.apps.packaging.expected_sentences import list_sentences
from tests.cast import Cast

pytestmark = pytest.mark.django_db
BASE = "/datasets/acme/counts/releases/1.0.0/"
API = "/api/v1/datasets/acme/counts/releases/1.0.0/"
HUB = "/api/datasets/acme/counts/revision/v1.0.0"
Expected = Mapping[str, Sequence[float]]


def flatten(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each leaf of a JSON value with its path; places in lists are left out."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from flatten(each, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for each in value:
            yield from flatten(each, path)
    else:
        yield path, value


def read_page(page: str) -> str:
    body = page.split("<main", 1)[1].split(">", 1)[1].split("</main>", maxsplit=1)[0]
    body = re.sub(r"<(script|style|svg|form|code|pre)\b.*?</\1>", " ", body, flags=re.DOTALL)
    text = html.unescape(re.sub(r"<[^>]+>", "\n", body))
    lines = (" ".join(each.split()) for each in text.splitlines())
    return "\n".join(line for line in lines if line)


def read_paper(flowables: Sequence[Flowable]) -> str:
    """What is set on paper, each row of a table as a line."""
    lines = []
    for each in flowables:
        if isinstance(each, Paragraph):
            lines.append(each.text)
        elif isinstance(each, Table):
            lines += [" | ".join(map(_read_cell, row)) for row in each._cellvalues]
    return html.unescape("\n".join(lines))


def _read_cell(cell: Any) -> str:
    return cell.text if isinstance(cell, Paragraph) else str(cell)


def collect_texts(cast: Cast, made: Made, client: Client) -> dict[str, str]:
    release = made.release
    client.force_login(cast.ada)
    report = load_report(release)
    documents = render_release_documents(release)
    pages = {
        name: client.get(address)
        for name, address in {
            "release page": BASE,
            "report page": f"{BASE}report/",
        }.items()
    }
    assert {page.status_code for page in pages.values()} == {200}
    return {
        "card": documents["README.md"].decode(),
        **{name: read_page(page.content.decode()) for name, page in pages.items()},
        "paper": read_paper(list(_render_sections(report))),
        "attribution": load_content(release).attribution.decode(),
    }


# Of a row each, or chosen by a draw: compared with the rows themselves below.
OF_ROWS = re.compile(r"^(?:findings|confirmations|redactions|samples\.hearings)\.")


def check_counts(surface: str, document: Any, counts: dict[str, list[float]]) -> None:
    found: dict[str, list[float]] = {}
    for path, value in flatten(document):
        if isinstance(value, int | float) and not isinstance(value, bool):
            found.setdefault(path, []).append(float(value))
    unknown = {path: said for path, said in found.items() if not OF_ROWS.match(path)}
    for path, said in list(unknown.items()):
        right = counts.get(path) if path in counts else counts.get(f"gates.{path}")
        assert right is not None, (surface, path, said)
        assert sorted(said) == pytest.approx(sorted(right), abs=1e-6), (surface, path)


def check_rows(report: dict[str, Any]) -> None:
    """Numbers of single rows are those of the rows in the database."""
    rows = {
        (str(row.clip.uid), row.kind, row.onset): (row.offset, row.score)
        for row in Finding.objects.filter(decision__verdict="clear").select_related("clip")
    }
    said = {
        (one["clip_id"], one["kind"], one["onset"]): (one["offset"], one["score"])
        for one in report["findings"]
    }
    assert said == rows
    made = {str(row.clip.uid): row for row in Redaction.objects.select_related("clip")}
    assert {one["clip_id"] for one in report["redactions"]} == set(made)
    for one in report["redactions"]:
        row = made[one["clip_id"]]
        assert (one["intervals"], one["parameters"]) == (row.intervals, row.parameters)
    drawn = {row.content_sha256: row.position for row in SampleClip.objects.all()}
    heard = report["samples"][0]["hearings"]
    assert len(heard) == plan.HEARD
    assert all(drawn[one["content_sha256"]] == one["position"] for one in heard)
    assert sorted(one["position"] for one in heard) == list(range(plan.HEARD))


def collect_documents(release: Release, client: Client) -> dict[str, Any]:
    answers = {
        "statement": client.get(f"{API}statement/"),
        "REST": client.get(API),
        "gates": client.get(f"{API}gates/"),
        "report form": client.get(f"{BASE}report/?form=json"),
    }
    assert {answer.status_code for answer in answers.values()} == {200}
    return {name: answer.json() for name, answer in answers.items()}


def test_every_number_is_counted_here_too(cast: Cast, tmp_path: Path, client: Client) -> None:
    made = publish_counted(cast, tmp_path)
    counted = count(made.release)
    sentences, counts = list_sentences(made, counted), list_counts(made, counted)
    for name, text in collect_texts(cast, made, client).items():
        sentences.check(name, text)
    documents = collect_documents(made.release, client)
    for name, document in documents.items():
        check_counts(name, document, counts)
        words = [value for _, value in flatten(document) if isinstance(value, str)]
        sentences.check(name, "\n".join(value for value in words if not value.isdigit()))
    check_rows(documents["report form"])
    described = build_release_croissant(made.release, with_files=True)
    sizes = {each["@id"]: each.get("contentSize") for each in described.pop("distribution")}
    for table in (made.release.clips_table, made.release.events_table):
        assert table is not None
        assert f"{table.size} B" in sizes.values()
    words = [value for _, value in flatten(described) if isinstance(value, str)]
    sentences.check("Croissant", "\n".join(words))
    never = [
        pattern.pattern for pattern, _ in sentences.known if not sentences.seen[pattern.pattern]
    ]
    assert never == [], "these stand nowhere any more"
