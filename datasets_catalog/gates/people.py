"""Gates on what only people can know: the questions of a checklist, and papers."""

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from datasets_catalog.checklists import Question, list_questions, list_required_documents
from datasets_catalog.facts import ReleaseFacts
from datasets_catalog.gates.base import FailingRow, Severity, Verdict, build_verdict


class PrivacyChecklist:
    """A reviewer answered the questions of the vertical as they have to be answered."""

    code: ClassVar[str] = "privacy.checklist"
    title: ClassVar[str] = "The questions for people were answered"
    why: ClassVar[str] = (
        "No detector knows what a place, a diagnosis or a story gives away. Somebody who did not "
        "make the release answers for this very root."
    )
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        asked = list_questions(facts.dataset.vertical)
        failing = [one for one in asked if not one.is_satisfied_by(facts.answers.get(one.code))]
        found = build_verdict(
            self,
            [FailingRow(_describe_answer(one, facts.answers.get(one.code))) for one in failing],
            passed=f"Every question was answered as it has to be ({len(asked)}).",
            failed="Questions without the answer that is needed: {count}.",
            measured={"questions": len(asked)},
        )
        blocks = any(one.blocking for one in failing)
        return found if blocks or found.passed else replace(found, severity=Severity.ADVISORY)


class EthicsDocumentsValid:
    """The papers that the dataset rests on are there and have not run out."""

    code: ClassVar[str] = "ethics.documents_valid"
    title: ClassVar[str] = "Ethics approvals and assessments hold"
    why: ClassVar[str] = (
        "An approval is given for a time. What was collected under one that ran out is not "
        "given out under it."
    )
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        rows = list(_find_paper_failures(facts))
        if rows or facts.documents:
            return build_verdict(
                self,
                rows,
                passed=f"Every document attached holds ({len(facts.documents)}).",
                failed="Documents missing or run out: {count}.",
                measured={"documents": len(facts.documents)},
            )
        row = FailingRow("No ethics approval or impact assessment is attached to the dataset.")
        return replace(
            build_verdict(self, [row], passed="", failed=row.message), severity=Severity.ADVISORY
        )


def _describe_answer(question: Question, answer: str | None) -> str:
    said = "nobody answered" if answer is None else f"the answer is {answer.replace('_', ' ')}"
    return f"{question.code}: {question.ask} ({said}; needed: {question.expected})"


def _find_paper_failures(facts: ReleaseFacts) -> Iterator[FailingRow]:
    today = facts.at.date()
    for paper in facts.documents:
        if paper.valid_until is not None and paper.valid_until < today:
            yield FailingRow(
                f"{paper.title} ran out on {paper.valid_until:%Y-%m-%d}; attach the new one and"
                " retire it"
            )
    held = {paper.kind for paper in facts.documents}
    for kind in list_required_documents(facts.dataset.vertical):
        if kind not in held:
            yield FailingRow(f"a document of the kind {kind} is needed and none is attached")
