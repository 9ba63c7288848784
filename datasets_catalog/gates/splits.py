"""Gates on how clips are divided."""

from typing import ClassVar

from datasets_catalog.facts import ReleaseFacts
from datasets_catalog.gates.base import FailingRow, Severity, Verdict, build_verdict
from datasets_catalog.splits import (
    find_leaks,
    find_misplaced,
    find_missing_folds,
    find_synthetic_in_evaluation,
)


class SplitsLeakFree:
    """The splits share what the dataset's policy says they may, and nothing else."""

    code: ClassVar[str] = "splits.leak_free"
    title: ClassVar[str] = "The splits share only what they may"
    why: ClassVar[str] = (
        "A model that heard the same recording, voice or file in training scores too well; "
        "every result on the release would be wrong. What may be shared depends on the task: the "
        "dataset declares it."
    )
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        policy = facts.dataset.splits
        found = find_leaks(facts.clips, policy)
        messages: dict[str, list[str]] = {}
        for leak in found:
            for clip_id in leak.stray:
                messages.setdefault(clip_id, []).append(leak.sentence)
        others = 0
        for each in find_misplaced(facts.clips, policy):
            others += 1
            messages.setdefault(each.clip_id, []).append(each.message)
        rows = [
            FailingRow.of(clip, message)
            for clip in facts.clips
            for message in messages.get(clip.clip_id, ())
        ]
        empty = find_missing_folds(facts.clips, policy)
        rows += [FailingRow(f"{name} holds no clip") for name in empty]
        return build_verdict(
            self,
            rows,
            passed=f"It is so: {policy.sentence}",
            failed=(
                f"Judged by: {policy.sentence} Things in more than one split: {len(found)}; other"
                f" clips that are not where the policy wants them: {others}; empty folds:"
                f" {len(empty)}. Clips to move or mend: {{clips}}."
            ),
            measured={"leaks": len(found), "misplaced": others, "empty_folds": len(empty)},
        )


class SyntheticSeparate:
    """Evaluation splits, and folds, hold no synthetic clip."""

    code: ClassVar[str] = "synthetic.separate"
    title: ClassVar[str] = "Evaluation is on real sound"
    why: ClassVar[str] = (
        "A score on generated or mixed sound says how well a model knows the generator, not the "
        "world."
    )
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        rows = [
            FailingRow(f"is synthetic, and in {clip.split}", clip.path, clip.clip_id)
            for clip in find_synthetic_in_evaluation(
                facts.clips, facts.dataset.evaluation_splits, facts.dataset.splits
            )
        ]
        synthetic = sum(clip.synthetic for clip in facts.clips)
        return build_verdict(
            self,
            rows,
            passed="No evaluation split holds a synthetic clip.",
            failed="Synthetic clips in evaluation splits: {clips}.",
            measured={"synthetic": synthetic},
        )
