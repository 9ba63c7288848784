"""The verdicts of gates as the checklist shows them, and how to mend what fails."""

from collections.abc import Iterable

from apps.doors.web.components import Check, Tone
from apps.doors.web.templatetags.web_components import NOTHING
from apps.releases.models import GateResult
from datasets_catalog.gates.registry import GATES

SHOWN_ROWS = 10
_ORDER = {Tone.BAD: 0, Tone.WARN: 1, Tone.PLAIN: 2, Tone.GOOD: 3}
MEND = {
    "rights.licence_known": "Give these clips a licence in the metadata table and import it again:"
    " an SPDX expression such as CC-BY-4.0, or a LicenseRef- whose text is recorded.",
    "rights.outbound_licence": "Remove the clips named here from the draft, or choose another"
    " wanted licence in the settings.",
    "consent.coverage": "Ask the contributors and import their new answers, remove or exclude the"
    " clips, or release for fewer purposes.",
    "consent.evidence": "Correct each of these consents by a record with evidence_sha256, the hash"
    " of the signed form or of the recording of the answer.",
    "privacy.scanned": "Start a scan on the tab Privacy and freeze again when it is done. Where a"
    " scan failed, its row says why.",
    "privacy.decided": "A privacy reviewer who did not upload these clips decides on each finding"
    " in the review queue.",
    "privacy.sampled": "A privacy reviewer listens to a random sample of the clips in which"
    " nothing was found.",
    "privacy.metadata": "A privacy reviewer redacts these findings, which strips the data from the"
    " file, or clears them with a reason. Cells are mended in the metadata table.",
    "privacy.checklist": "A privacy reviewer who did not freeze the release answers the questions"
    " on its page, while it is frozen or in review.",
    "ethics.documents_valid": "Attach the approval or assessment on the page Documents of the tab"
    " Privacy, and retire the one that ran out.",
    "labels.valid": "Mend these rows in the label table and import it again, or choose the"
    " vocabulary that the labels are terms of in the settings.",
    "labels.verified": "A verifier who did not label them confirms more events, or the verified"
    " share in the settings is lowered.",
    "splits.leak_free": "Move these clips to the split where the others are: change the column"
    " split and import the table again. If the splits mean something else, declare it in the"
    " settings, under What splits mean.",
    "synthetic.separate": "Mark synthetic clips in the column synthetic, and keep them in splits of"
    " their own.",
    "catalog.complete": "Fill in what is missing in the dataset's settings or the metadata table.",
    "catalog.version_step": "Make the release again under the number named here, or say in its"
    " notes why not: this stays on its page.",
    "integrity.present": "Import these files again: the same bytes heal the store.",
}
_WHY = {gate.code: gate.why for gate in GATES}


def list_checks(
    results: Iterable[GateResult], *, with_rows: bool, with_advice: bool
) -> list[Check]:
    """What fails comes first. Failing rows can name people: they are for members alone.

    `with_advice`: how to mend what fails, which nobody can in a release that is out.
    """
    checks = [
        _build_check(result, with_rows=with_rows, with_advice=with_advice and with_rows)
        for result in results
    ]
    return sorted(checks, key=lambda check: _ORDER[check.tone])


def list_pending_checks() -> list[Check]:
    """Every gate, before any was asked."""
    return [
        Check(gate.title, gate.code, Tone.PLAIN, "Not asked yet", why=gate.why) for gate in GATES
    ]


def _build_check(result: GateResult, *, with_rows: bool, with_advice: bool) -> Check:
    tone, verdict = _describe_verdict(result)
    failing = result.failing[:SHOWN_ROWS] if with_rows else []
    rows = [
        (row["path"] or NOTHING, _describe_row(row, with_advice=with_advice)) for row in failing
    ]
    return Check(
        title=result.title,
        code=result.code,
        tone=tone,
        verdict=verdict,
        summary=result.summary,
        why=_WHY.get(result.code, ""),
        mend=MEND.get(result.code, "") if with_advice and not result.passed else "",
        columns=("Clip", "Why it fails") if rows else (),
        rows=rows,
        rows_total=result.failing_count if rows else 0,
    )


def _describe_row(row: dict[str, str], *, with_advice: bool) -> str:
    # Rows that were kept before advice was told apart have none.
    advice = row.get("advice", "") if with_advice else ""
    return f"{row['message']} {advice}".rstrip()


def _describe_verdict(result: GateResult) -> tuple[Tone, str]:
    if result.passed:
        return Tone.GOOD, "Passed"
    return (Tone.BAD, "Failed") if result.blocking else (Tone.WARN, "Advisory")
