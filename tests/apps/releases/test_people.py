"""Questions for people, and the papers that a dataset rests on."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.accounts.models import Membership
from apps.audit.models import AuditEvent
from apps.datasets.models import Dataset
from apps.publishing.release_publication import publish_release_here
from apps.releases.actions import freeze_release, reopen_release, submit_release
from apps.releases.checklist_answers import (
    answer_question,
    attach_document,
    load_answers,
    retire_document,
)
from apps.releases.errors import (
    ChecklistClosedError,
    DocumentInvalidError,
    DocumentNeededError,
    DocumentRetiredError,
    GatesFailedError,
    OwnReleaseError,
    QuestionUnknownError,
)
from apps.releases.models import ChecklistAnswer, Document, Release
from datasets_catalog.errors import DeniedError, InvalidError
from tests.cast import Cast
from tests.factories.drafts import approve, make_draft, make_release

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n"


@pytest.fixture
def hearts(cast: Cast, tmp_path: Path) -> Release:
    """A frozen release of a medical dataset."""
    dataset = make_draft(cast, tmp_path)
    Dataset.objects.filter(pk=dataset.pk).update(vertical="medical")
    return make_release(cast, Dataset.objects.get(pk=dataset.pk))


def answer_all(cast: Cast, release: Release) -> None:
    for question in ("phi_absent", "patients_not_recognisable"):
        answer_question(actor=cast.cleo, release=release, question=question, answer="yes")


def test_a_medical_release_waits_for_answers_and_an_approval(cast: Cast, hearts: Release) -> None:
    with pytest.raises(GatesFailedError, match=r"privacy\.checklist.*ethics\.documents_valid"):
        submit_release(actor=cast.ada, release=hearts)
    answer_all(cast, hearts)
    with pytest.raises(GatesFailedError, match=r"ethics\.documents_valid"):
        submit_release(actor=cast.ada, release=hearts)
    row = attach_document(
        actor=cast.ada, dataset=hearts.dataset, kind="ethics", title="Vote 12", content=PDF
    )
    assert row.media_type == "application/pdf"
    assert publish_release_here(actor=cast.rita, release=approve(cast, hearts)).state == "published"
    with pytest.raises(ChecklistClosedError):
        answer_question(actor=cast.cleo, release=hearts, question="phi_absent", answer="yes")
    given = ChecklistAnswer.objects.filter(release=hearts)
    attempts: list[Callable[[], object]] = [given.delete, lambda: given.update(answer="no")]
    for attempt in attempts:
        with pytest.raises(DatabaseError, match="stay as they are"), transaction.atomic():
            attempt()


def test_who_made_the_release_does_not_answer_for_it(cast: Cast, hearts: Release) -> None:
    with pytest.raises(DeniedError):
        answer_question(actor=cast.ada, release=hearts, question="phi_absent", answer="yes")
    cast.ada.memberships.create(organisation=cast.acme, role="privacy_reviewer")
    with pytest.raises(OwnReleaseError):
        answer_question(actor=cast.ada, release=hearts, question="phi_absent", answer="yes")
    with pytest.raises(DatabaseError, match="answer_not_by_maker"), transaction.atomic():
        ChecklistAnswer.objects.create(
            release=hearts,
            root=hearts.root,
            question="phi_absent",
            answer="yes",
            answered_by=cast.ada,
            frozen_by=cast.ada,
        )


def test_an_answer_is_bound_to_the_root(cast: Cast, hearts: Release) -> None:
    answer_all(cast, hearts)
    again = freeze_release(actor=cast.ada, release=reopen_release(actor=cast.ada, release=hearts))
    assert load_answers(again) == {}


def test_odd_answers_are_refused(cast: Cast, hearts: Release) -> None:
    for question, answer in (
        ("weather", "yes"),
        ("phi_absent", "maybe"),
        ("phi_absent", "not_applicable"),
    ):
        with pytest.raises(QuestionUnknownError):
            answer_question(actor=cast.cleo, release=hearts, question=question, answer=answer)
    with pytest.raises(InvalidError, match="Say in a note"):
        answer_question(actor=cast.cleo, release=hearts, question="phi_absent", answer="no")


def test_the_later_answer_stands_and_both_are_on_record(cast: Cast, hearts: Release) -> None:
    answer_question(
        actor=cast.cleo, release=hearts, question="phi_absent", answer="no", note="a ward is named"
    )
    answer_question(actor=cast.cleo, release=hearts, question="phi_absent", answer="yes")
    assert load_answers(hearts) == {"phi_absent": "yes"}
    events = AuditEvent.objects.filter(kind="checklist.answered").order_by("sequence")
    assert [event.detail["answer"] for event in events] == ["no", "yes"]


def test_that_no_paper_is_due_any_more_a_privacy_reviewer_says_who_did_not_attach_it(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = make_draft(cast, tmp_path)
    old = attach(cast, dataset, valid_until=timezone.now().date() - timedelta(days=1))
    Membership.objects.create(user=cast.ada, organisation=cast.acme, role="privacy_reviewer")
    for who in (cast.ada, cast.rita):
        with pytest.raises(DocumentNeededError):
            retire_document(actor=who, document=old, reason="It hinders.")
    with pytest.raises(DeniedError):
        retire_document(actor=cast.dan, document=old, reason="It hinders.")
    done = retire_document(actor=cast.cleo, document=old, reason="Birds need no vote.")
    assert done.retired_by == cast.cleo


def test_a_document_that_ran_out_stops_a_release_until_it_is_retired(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = make_draft(cast, tmp_path)
    yesterday = timezone.now().date() - timedelta(days=1)
    old = attach(cast, dataset, valid_until=yesterday)
    release = make_release(cast, dataset)
    with pytest.raises(GatesFailedError, match=r"ethics\.documents_valid"):
        submit_release(actor=cast.ada, release=release)
    with pytest.raises(DocumentNeededError, match="attach the new one first"):
        retire_document(actor=cast.ada, document=old, reason="It hinders.")
    attach(cast, dataset, valid_until=yesterday + timedelta(days=365))
    retire_document(actor=cast.ada, document=old, reason="The new vote takes its place.")
    assert submit_release(actor=cast.ada, release=release).state == "in_review"
    with pytest.raises(DocumentRetiredError):
        retire_document(actor=cast.ada, document=old, reason="again")
    rows = Document.objects.filter(pk=old.pk)
    with pytest.raises(DatabaseError, match="only retired"), transaction.atomic():
        rows.update(valid_until=None)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows._raw_delete(using="default")


def attach(cast: Cast, dataset: Dataset, *, valid_until: date | None = None) -> Document:
    return attach_document(
        actor=cast.ada,
        dataset=dataset,
        kind="dpia",
        title="Assessment",
        content=b"We looked at the risks.\n",
        valid_until=valid_until,
    )


@pytest.mark.parametrize(
    "content",
    [b"", b" \n", b"%PDF-1.7 torn", b"MZ\x90\0\x03", b"\xff\xfe\0", b"text with \0"],
    ids=["empty", "blank", "torn PDF", "program", "UTF-16", "null byte"],
)
def test_what_a_document_is_its_content_says(cast: Cast, tmp_path: Path, content: bytes) -> None:
    dataset = make_draft(cast, tmp_path, clips=2)
    with pytest.raises(DocumentInvalidError):
        attach_document(
            actor=cast.ada, dataset=dataset, kind="ethics", title="Vote", content=content
        )


def test_only_who_edits_the_dataset_attaches(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path, clips=2)
    with pytest.raises(DeniedError):
        attach_document(actor=cast.cleo, dataset=dataset, kind="ethics", title="Vote", content=PDF)
