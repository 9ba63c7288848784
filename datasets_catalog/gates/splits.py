"""Gates on how clips are divided."""

from typing import ClassVar

from datasets_catalog.facts import ReleaseFacts
from datasets_catalog.gates.base import FailingRow, Severity, Verdict, verdict
from datasets_catalog.splits import leaks, synthetic_in_evaluation


class SplitsLeakFree:
    """No recording, contributor, file or sound is in two splits."""

    code: ClassVar[str] = "splits.leak_free"
    title: ClassVar[str] = "The splits share nothing"
    why: ClassVar[str] = (
        "A model that heard the same recording, voice or file in training scores too well; "
        "every result on the release would be wrong."
    )
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        found = leaks(facts.clips)
        messages: dict[str, list[str]] = {}
        for leak in found:
            for clip_id in leak.stray:
                messages.setdefault(clip_id, []).append(leak.sentence)
        rows = [
            FailingRow.of(clip, message)
            for clip in facts.clips
            if clip.clip_id in messages
            for message in messages[clip.clip_id]
        ]
        return verdict(
            self,
            rows,
            passed="No recording, contributor, file or sound is in two splits.",
            failed=f"Things in more than one split: {len(found)}. Clips to move: {{clips}}.",
            measured={"leaks": len(found)},
        )


class SyntheticSeparate:
    """Evaluation splits hold no synthetic clip."""

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
            for clip in synthetic_in_evaluation(facts.clips, facts.dataset.evaluation_splits)
        ]
        synthetic = sum(clip.synthetic for clip in facts.clips)
        return verdict(
            self,
            rows,
            passed="No evaluation split holds a synthetic clip.",
            failed="Synthetic clips in evaluation splits: {clips}.",
            measured={"synthetic": synthetic},
        )
