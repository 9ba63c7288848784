"""Whatever becomes of the draft, everything that says something of an old release says the same."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client

from apps.accounts.models import Organisation
from apps.datasets.actions import remove_clips, touch_draft, update_dataset
from apps.datasets.models import Clip, Dataset, Event, WeakLabel
from apps.deliveries.parts import Part
from apps.deliveries.selections import Selection
from apps.detection.models import Finding
from apps.doors.web.templatetags.web_components import length_of
from apps.packaging.content_loading import load_content
from apps.packaging.documents import build_release_croissant, render_release_documents
from apps.packaging.review_report import load_report
from apps.packaging.review_report_pdf import render_pdf
from apps.packaging.statements import load_statement
from apps.publishing.release_publication import publish_release_here
from apps.releases.models import Release
from apps.review.actions import count_people, decide_finding
from apps.review.sampling import draw_sample
from tests.apps.review.reviewing import clip_at, found_in
from tests.cast import Cast
from tests.factories.drafts import approve, make_draft, make_release
from tests.factories.jobs import work_off
from tests.factories.published import set_access
from tests.factories.reviews import play

pytestmark = pytest.mark.django_db
BASE = "/datasets/acme/tones/releases/1.0.0/"
API = "/api/v1/datasets/acme/tones/releases/1.0.0/"
HUB = "/api/datasets/acme/tones/revision/v1.0.0"


@pytest.fixture
def release(cast: Cast, tmp_path: Path) -> Release:
    """Two muted or covered clips, weak labels, and people counted."""
    dataset = make_draft(cast, tmp_path, clips=6)
    for number, method in ((0, "mute"), (1, "bleep")):
        finding = found_in(clip_at(dataset, number))
        decide_finding(
            actor=cast.cleo, finding=finding, verdict="redact", reason="a name", method=method
        )
    play(cast.cleo, clip_at(dataset, 3))
    count_people(
        actor=cast.cleo,
        clip=clip_at(dataset, 3),
        people_heard=0,
        somebody_unknown=False,
        reason="nobody",
    )
    WeakLabel.objects.create(clip=clip_at(dataset, 4), label="hum", annotator="otto")
    Clip.objects.filter(dataset=dataset).update(licence="CC-BY-4.0")
    dataset = Dataset.objects.get(pk=dataset.pk)
    touch_draft(dataset)
    set_access("open", dataset=dataset)
    published = publish_release_here(
        actor=cast.rita,
        release=approve(cast, make_release(cast, Dataset.objects.get(pk=dataset.pk))),
    )
    work_off()
    return published


def surfaces(cast: Cast, client: Client, release: Release) -> Mapping[str, object]:
    """All that says something of the release, without what stands around it on a page."""
    cache.clear()
    client.force_login(cast.ada)
    row = Release.objects.select_related("dataset__organisation").get(pk=release.pk)
    report = load_report(row)
    part = Part(row, Selection.of({"splits": ["train"]}))
    try:
        tar = b"".join(part.content(0, part.size))
    finally:
        part.close()
    return {
        "card and croissant": render_release_documents(row),
        "description": build_release_croissant(row, with_files=True),
        "attribution": load_content(row).attribution,
        "report": report,
        "paper": render_pdf(report),
        "statement": client.get(f"{API}statement/").json(),
        "rest": client.get(API).json(),
        "hub": client.get(HUB).json(),
        "hub card": read(client, "/datasets/acme/tones/resolve/v1.0.0/README.md"),
        "hub attribution": read(client, "/datasets/acme/tones/resolve/v1.0.0/ATTRIBUTION.csv"),
        "part": tar,
        "page": told_on(client.get(BASE).content.decode()),
        "report page": told_on(client.get(f"{BASE}report/").content.decode()),
    }


def read(client: Client, address: str) -> bytes:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return b"".join(answer) if answer.streaming else answer.content


def told_on(page: str) -> list[str]:
    """The figures, sentences and gates of a page, not the heading that names the dataset."""
    parts = re.findall(r"<(dl|section|details)\b.*?</\1>", page, re.DOTALL)
    assert parts
    body = page.rsplit("</header>", maxsplit=1)[-1]
    body = re.sub(r"<form\b.*?</form>", "", body, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", "\n", body)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return [line for line in lines if line and line not in {"Tones", "Other tones"}]


def shake(cast: Cast, dataset: Dataset) -> None:
    """Change all that can change in a draft and around it."""
    remove_clips(actor=cast.ada, dataset=dataset, paths=[clip_at(dataset, 5).path])
    # Nothing that closes the release to its readers: that is for its pages to say.
    for number in (2, 3):
        finding = found_in(clip_at(dataset, number), position=60 + number)
        decide_finding(actor=cast.cleo, finding=finding, verdict="clear", reason="later")
    play(cast.cleo, clip_at(dataset, 4))
    count_people(
        actor=cast.cleo,
        clip=clip_at(dataset, 4),
        people_heard=0,
        somebody_unknown=False,
        reason="nobody, heard again",
    )
    draw_sample(actor=cast.cleo, dataset=Dataset.objects.get(pk=dataset.pk))
    Event.objects.filter(clip__dataset=dataset).update(label="gong", status="verified")
    WeakLabel.objects.filter(clip__dataset=dataset).delete()
    Clip.objects.filter(dataset=dataset).update(
        path=Concat(Value("moved/"), "path"), title="Other", licence="CC0-1.0"
    )
    update_dataset(
        actor=cast.ada,
        dataset=Dataset.objects.get(pk=dataset.pk),
        changes={
            "title": "Other tones",
            "description": "Said anew.",
            "sheet": {"limitations": "None.", "creators": [{"name": "Somebody"}]},
        },
    )
    Organisation.objects.filter(pk=cast.acme.pk).update(title="Another name")


def test_an_old_release_says_the_same_whatever_becomes_of_the_draft(
    cast: Cast, release: Release, client: Client
) -> None:
    before = surfaces(cast, client, release)
    shake(cast, Dataset.objects.get(pk=release.dataset_id))
    after = surfaces(cast, client, release)
    for name, said in before.items():
        assert after[name] == said, name


def test_pages_print_no_number_that_was_not_counted(
    cast: Cast, release: Release, client: Client
) -> None:
    """Of the release's page and of its report: each figure is one that the statement holds."""
    facts = load_statement(release)
    report = load_report(release)
    lines = surfaces(cast, client, release)
    counted = {
        facts.clips,
        facts.events,
        facts.redactions.clips,
        facts.redactions.muted,
        facts.redactions.bleeped,
        facts.synthetic,
        facts.weak.labels,
        facts.weak.clips,
        facts.consent.needing,
        facts.consent.covered,
        facts.reviewed.findings,
        facts.reviewed.cleared,
        facts.reviewed.excluded,
        len(facts.classes),
        *(split.clips for split in facts.splits),
        *(each.events for each in facts.classes),
        *(share.clips for share in facts.outbound.mix),
        release.statistics["contributors"],
    }
    page = lines["page"]
    assert isinstance(page, list)
    for line in page:
        if re.fullmatch(r"\d[\d,]*( clips?)?", line):
            assert int(re.sub(r"\D", "", line)) in counted, line
    assert f"{facts.weak.labels} in {facts.weak.clips} clip" in page
    assert length_of(facts.seconds) in page
    scanned = {row["contents"] for row in report["detectors"]} | {
        row["failed"] for row in report["detectors"]
    }
    printed = lines["report page"]
    assert isinstance(printed, list)
    allowed = counted | scanned | set(report["found"].values()) | set(report["decided"].values())
    for line in printed:
        if re.fullmatch(r"\d[\d,]*", line):
            assert int(line.replace(",", "")) in allowed | {1, 2, 3, 4, 5}, line
    assert Finding.objects.count() >= facts.reviewed.findings
    assert json.dumps(report["facts"]["weak"]["labels"]) == "1"
