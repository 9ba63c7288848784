"""The gate on the bytes."""

from typing import ClassVar

from datasets_catalog.facts import BlobState, ReleaseFacts
from datasets_catalog.gates.base import FailingRow, Severity, Verdict, build_verdict

SENTENCES = {
    BlobState.MISSING: "its bytes are not in the store",
    BlobState.DAMAGED: "its bytes do not match their hash",
    BlobState.DESTROYED: "its bytes were destroyed",
}


class IntegrityPresent:
    """Every blob is in the store and has the hash it is named by."""

    code: ClassVar[str] = "integrity.present"
    title: ClassVar[str] = "Every file is there and whole"
    why: ClassVar[str] = "A release that names bytes nobody can fetch, or other bytes, is a lie."
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        rows = [
            FailingRow.of(clip, SENTENCES[clip.blob])
            for clip in facts.clips
            if clip.blob is not BlobState.PRESENT
        ]
        return build_verdict(
            self,
            rows,
            passed=f"Every file is there and matches its hash ({len(facts.clips)}).",
            failed="Files missing, damaged or destroyed: {clips}.",
        )
