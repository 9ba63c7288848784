"""What people answer for a release, and the papers that a dataset rests on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from io import BytesIO
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.access import Principal, has_permission, require_permission
from apps.accounts.models import User
from apps.audit import record
from apps.datasets.models import Dataset
from apps.releases.errors import (
    ChecklistClosedError,
    DocumentInvalidError,
    DocumentNeededError,
    DocumentRetiredError,
    DocumentUnknownError,
    OwnReleaseError,
    QuestionUnknownError,
)
from apps.releases.models import ChecklistAnswer, Document, Release
from apps.review.reviewers import find_review_act
from apps.storage.blobs import put_blob
from datasets_catalog.checklists import NOT_APPLICABLE, Question, list_questions
from datasets_catalog.errors import InvalidError
from datasets_catalog.release_states import ReleaseState
from datasets_catalog.roles import Permission
from datasets_catalog.verticals import Vertical

ANSWERABLE = {ReleaseState.FROZEN, ReleaseState.IN_REVIEW}
LARGEST = 20 * 1024 * 1024
PDF, TEXT = "application/pdf", "text/plain"


def load_answers(release: Release) -> Mapping[str, str]:
    """The answers given for the release's present root, by question; none where it is tried."""
    rows = ChecklistAnswer.objects.filter(release_id=release.pk, root=release.root)
    return dict(rows.values_list("question", "answer"))


def load_checklist(release: Release) -> list[tuple[Question, ChecklistAnswer | None]]:
    """Every question of the release's vertical with what was answered for its present root."""
    rows = ChecklistAnswer.objects.filter(release=release, root=release.root)
    given = {row.question: row for row in rows.select_related("answered_by")}
    asked = list_questions(Vertical(release.dataset.vertical))
    return [(question, given.get(question.code)) for question in asked]


@transaction.atomic
def answer_question(
    *, actor: User, release: Release, question: str, answer: str, note: str = ""
) -> ChecklistAnswer:
    """Answer one question for the release's root; answered again, the later answer stands.

    Raises QuestionUnknownError, ChecklistClosedError, and OwnReleaseError for who made the release.
    """
    row = (
        Release.objects.select_for_update(of=("self",))
        .select_related("dataset__organisation")
        .get(pk=release.pk)
    )
    require_permission(actor, Permission.FINDING_DECIDE, row.dataset.organisation)
    _check_answer(row, question, answer, note)
    if row.state not in ANSWERABLE:
        raise ChecklistClosedError(
            f"{row} is {row.state}: questions are answered while it is frozen or in review."
        )
    if row.frozen_by_id == actor.pk:
        raise OwnReleaseError("You made this release: somebody else has to answer for it.")
    values = {
        "answer": answer,
        "note": note.strip(),
        "answered_by": actor,
        "frozen_by_id": row.frozen_by_id,
        "answered_at": timezone.now(),
    }
    given, _ = ChecklistAnswer.objects.update_or_create(
        release=row, root=row.root, question=question, defaults=values
    )
    record.question_answered(
        actor=actor.username,
        organisation=row.dataset.organisation.name,
        release=str(row),
        root=row.root,
        question=question,
        answer=answer,
        note=given.note,
    )
    return given


def find_part(user: User, release: Release) -> str:
    """The part that the user has in the release, to be read after "You"; empty where none.

    Who made it, signed for it, answered for it, or reviewed what is in it does not publish it.
    """
    if release.frozen_by_id == user.pk:
        return "made this release"
    if release.sign_offs.filter(root=release.root, signed_by=user).exists():
        return "signed for this release"
    if release.answers.filter(root=release.root, answered_by=user).exists():
        return "answered questions for this release"
    act = find_review_act(user, release.dataset)
    return f"reviewed this release: you {act}" if act else ""


def _check_answer(release: Release, code: str, answer: str, note: str) -> None:
    known = {one.code: one for one in list_questions(Vertical(release.dataset.vertical))}
    if code not in known:
        asked = ", ".join(known) or "none"
        raise QuestionUnknownError(f"There is no question {code!r} here. Questions: {asked}.")
    if answer not in ChecklistAnswer.Answer.values:
        raise QuestionUnknownError(f"Answer one of {', '.join(ChecklistAnswer.Answer.values)}.")
    if answer == NOT_APPLICABLE and not known[code].may_not_apply:
        raise QuestionUnknownError(f"{code} always applies: answer yes or no.")
    if answer != known[code].expected and not note.strip():
        raise InvalidError("Say in a note what makes it so: readers of the report will ask.")


def list_documents_in_force(dataset: Dataset) -> QuerySet[Document]:
    """The documents in force, whoever asks."""
    return Document.objects.filter(dataset=dataset, retired_at=None)


def list_visible_documents(user: Principal, dataset: Dataset) -> QuerySet[Document]:
    """Every document of the dataset, retired ones too, for those who work on it."""
    require_permission(user, Permission.DATASET_VIEW, dataset.organisation)
    rows = Document.objects.filter(dataset=dataset)
    return rows.select_related("blob", "added_by", "retired_by")


def fetch_document(user: Principal, dataset: Dataset, uid: UUID) -> Document:
    """One of them. Raises DocumentUnknownError."""
    row = list_visible_documents(user, dataset).filter(uid=uid).first()
    if row is None:
        raise DocumentUnknownError(f"{dataset} has no document {uid}.")
    return row


def attach_document(
    *,
    actor: User,
    dataset: Dataset,
    kind: str,
    title: str,
    content: bytes,
    valid_until: date | None = None,
) -> Document:
    """Keep a PDF or a plain text with the dataset; what it is, its content says.

    Raises DocumentInvalidError.
    """
    require_permission(actor, Permission.DATASET_EDIT, dataset.organisation)
    if kind not in Document.Kind.values:
        raise InvalidError(f"A document is one of {', '.join(Document.Kind.values)}.")
    if not title.strip():
        raise InvalidError("Give the document a title.")
    media_type = _detect_type(content)
    blob = put_blob(dataset.uid, BytesIO(content))
    with transaction.atomic():
        row = Document.objects.create(
            dataset=dataset,
            kind=kind,
            title=title.strip()[:200],
            blob=blob,
            media_type=media_type,
            valid_until=valid_until,
            added_by=actor,
        )
        record.document_attached(
            actor=actor.username,
            organisation=dataset.organisation.name,
            dataset=dataset.full_name,
            document=row.title,
            kind=kind,
            sha256=blob.sha256,
        )
    return row


@transaction.atomic
def retire_document(*, actor: User, document: Document, reason: str) -> Document:
    """Take a document out of force; it stays on record.

    One that ran out stops releases: while none of its kind holds, a privacy reviewer who did not
    attach it retires it. Raises DocumentRetiredError, DocumentNeededError.
    """
    row = (
        Document.objects.select_for_update(of=("self",))
        .select_related("dataset__organisation")
        .get(pk=document.pk)
    )
    _require_retirer(actor, row)
    if row.retired_at is not None:
        raise DocumentRetiredError(f"{row.title} was retired on {row.retired_at:%Y-%m-%d}.")
    if not reason.strip():
        raise InvalidError("Give a reason, such as the document that takes its place.")
    row.retired_by, row.retired_at, row.retire_reason = actor, timezone.now(), reason.strip()
    row.save(update_fields=["retired_by", "retired_at", "retire_reason"])
    record.document_retired(
        actor=actor.username,
        organisation=row.dataset.organisation.name,
        dataset=row.dataset.full_name,
        document=row.title,
        reason=row.retire_reason,
    )
    return row


def _require_retirer(actor: User, document: Document) -> None:
    """Raise unless the document has its successor, or a privacy reviewer says that none is due."""
    organisation = document.dataset.organisation
    alike = list_documents_in_force(document.dataset).filter(kind=document.kind)
    replaced = any(not each.has_ended for each in alike.exclude(pk=document.pk))
    if not document.has_ended or replaced:
        require_permission(actor, Permission.DATASET_EDIT, organisation)
        return
    require_permission(actor, Permission.DATASET_VIEW, organisation)
    reviews = has_permission(actor, Permission.FINDING_DECIDE, organisation)
    if not reviews or document.added_by_id == actor.pk:
        raise DocumentNeededError(
            f"{document} ran out on {document.valid_until:%Y-%m-%d}, which stops releases, and no"
            f" other {document.get_kind_display()} holds: attach the new one first, or have a"
            " privacy reviewer who did not attach it retire it."
        )


def _detect_type(content: bytes) -> str:
    if not content.strip():
        raise DocumentInvalidError("The file is empty.")
    if len(content) > LARGEST:
        raise DocumentInvalidError(f"The file is larger than {LARGEST // 1024**2} MiB.")
    if content.startswith(b"%PDF-"):
        if b"%%EOF" not in content[-2048:]:
            raise DocumentInvalidError("This PDF is cut off: its end is missing.")
        return PDF
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if any(ord(sign) < ord(" ") and sign not in "\t\r\n\f" for sign in text):
        raise DocumentInvalidError("The file is neither a PDF nor a plain text in UTF-8.")
    return TEXT
