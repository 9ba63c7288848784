"""Two reviewers at once, and a process that dies in the middle of a decision."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.datasets.models import Clip, Dataset
from apps.detection.models import Finding
from apps.detection.scanning import scan_dataset
from apps.review import decisions
from apps.review.access import filter_open_findings
from apps.review.actions import confirm_clearance, decide_finding, decide_findings_alike
from apps.review.models import Batch, Confirmation, Decision, Redaction, Revocation
from datasets_catalog.errors import EarmarkError
from tests.apps.review.reviewing import clip_at, found_in, second_reviewer
from tests.cast import Cast, assemble
from tests.factories.drafts import make_draft
from tests.kills import killed_at_line, lines_of, spread

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer"),
]


def at_once(*works: Callable[[], object]) -> list[Exception]:
    """Run them side by side; the problems they ended in."""
    start, problems = threading.Barrier(len(works)), list[Exception]()

    def run(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
        except EarmarkError as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


def four_open(base: Path) -> tuple[Cast, Dataset, User, list[Finding]]:
    cast = assemble()
    dataset = make_draft(cast, base)
    dan = second_reviewer(cast)
    return cast, dataset, dan, [found_in(clip_at(dataset, number)) for number in range(4)]


def test_of_two_reviewers_one_decides(tmp_path: Path) -> None:
    cast, _, dan, findings = four_open(tmp_path)
    backwards = findings[::-1]
    problems = at_once(
        lambda: decide_findings_alike(
            actor=cast.cleo, findings=findings, verdict="clear", reason="tones"
        ),
        lambda: decide_findings_alike(
            actor=dan, findings=backwards, verdict="exclude", reason="voices"
        ),
    )
    assert [problem.code for problem in problems if isinstance(problem, EarmarkError)] == [
        "finding.decided"
    ]
    batch = Batch.objects.get()
    assert set(Decision.objects.values_list("batch", "verdict")) == {(batch.pk, batch.verdict)}
    excluded = Clip.objects.filter(state="excluded").count()
    assert excluded == (4 if batch.verdict == "exclude" else 0)


def test_of_two_second_reviewers_one_is_heard(tmp_path: Path) -> None:
    cast, _, dan, findings = four_open(tmp_path)
    decision = decide_finding(
        actor=cast.cleo, finding=findings[0], verdict="clear", reason="ben", identifiable=True
    )
    problems = at_once(
        lambda: confirm_clearance(actor=dan, decision=decision, agree=True, reason="ben"),
        lambda: confirm_clearance(actor=dan, decision=decision, agree=False, reason="not ben"),
    )
    assert len(problems) == 1
    agreed = Confirmation.objects.get().agree
    assert Decision.objects.exists() == agreed
    assert Revocation.objects.exists() != agreed


def test_a_batch_that_is_killed_is_whole_or_has_not_been(tmp_path: Path) -> None:
    cast, _, _, findings = four_open(tmp_path)

    def work() -> None:
        decide_findings_alike(
            actor=cast.cleo, findings=findings, verdict="exclude", reason="voices"
        )

    for line in spread(140, 8):
        ended = not killed_at_line(line, work, within=decisions.__file__)
        done = Decision.objects.count()
        assert (done, Clip.objects.filter(state="excluded").count()) in {(0, 0), (4, 4)}
        assert Batch.objects.count() == (done == 4)
        if ended or done:
            return
    work()
    assert Decision.objects.count() == 4


def test_a_redaction_that_is_killed_is_whole_or_has_not_been(tmp_path: Path) -> None:
    """Whatever is left: old bytes with the finding open, or new bytes that have to be scanned."""
    cast, dataset, _, findings = four_open(tmp_path)
    clip, before = findings[0].clip, findings[0].content_sha256
    room = str(Path(decisions.__file__).parent)

    def work(finding: Finding) -> None:
        decide_finding(actor=cast.cleo, finding=finding, verdict="redact", reason="a name")

    total = lines_of(lambda: work(findings[1]), within=room)
    done = False
    for line in spread(total, 8):
        killed_at_line(line, lambda: work(findings[0]), within=room)
        clip = Clip.objects.select_related("blob").get(pk=clip.pk)
        done = clip.blob.sha256 != before
        assert Decision.objects.filter(finding=findings[0]).exists() == done
        assert Redaction.objects.filter(clip=clip).exists() == done
        assert filter_open_findings(Finding.objects.filter(pk=findings[0].pk)).exists() != done
        if done:
            break
    if not done:
        work(findings[0])
    scan_dataset(actor=cast.ada, dataset=dataset)
    clip = Clip.objects.select_related("blob").get(pk=clip.pk)
    assert dataset.scans.filter(content_sha256=clip.blob.sha256, failed=False).exists()
