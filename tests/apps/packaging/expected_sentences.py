"""The words in which a release's numbers stand on its surfaces, and what they have to say."""

import re
from collections import Counter
from typing import Any

from apps.detection.models import Finding
from apps.review.models import Redaction
from tests.apps.packaging import counted_release as plan
from tests.apps.packaging.counted_release import Counted, Made
from tests.apps.packaging.expected_counts import find_bound

NO_COUNT = re.compile(
    r"""\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b
    | \b(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32}|[0-9a-f]{12})\b
    | \b\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|\+00:00))? | \b\d{1,2}\ \w+\ 2\d{3},\ \d\d:\d\d
    | https?://\S+ | \b(?:plain|tagged)/\d+\.wav | \bv?[12]\.0\.0\b | acme_counts_1_0_0
    | \bCC-BY-4\.0\b | \bCC0-1\.0\b | mixed-cc-by-4\.0-cc0-1\.0 | year\ =\ \{\d{4}\}
    | \b(?:labels_)?sha256\b | \bSHA-256\b | \bmd5\b | cr:Int\d\d | DUO_\d+ | 0000-0002-1825-0097
    | earmark\.review-report/3 | bells\ 8\.15 | ^8\.15$ | \bn<1K\b | @1\.0\.0 | \b\w+\.parquet
    """,
    re.VERBOSE | re.MULTILINE,
)


# A detector with its version, in a list or a row of its own.
DETECTOR = re.compile(
    r"\b(?:cells|combinations|likeness|metadata|names|people|returned|speech|spoken|video) \d\b"
)


MEASURED = re.compile(
    r"3 of 100 were missed when the detectors were measured, of voices 10 dB fainter 30 of 100"
)


class Sentences:
    """The words in which numbers stand, and the numbers that the test counted for them."""

    def __init__(self) -> None:
        self.known: list[tuple[re.Pattern[str], set[tuple[str, ...]]]] = []
        self.seen: Counter[str] = Counter()

    def add(self, words: str, *numbers: object) -> None:
        """`#` in the words stands for a number; said again, other numbers are right as well."""
        inner = re.escape(words.strip("\n")).replace(r"\#", r"([\d.,]*\d)")
        start, end = "^" * words.startswith("\n"), "$" * words.endswith("\n")
        pattern = re.compile(f"{start}{inner}{end}", re.MULTILINE)
        said = tuple(f"{each:,}" if isinstance(each, int) else str(each) for each in numbers)
        for known, right in self.known:
            if known.pattern == pattern.pattern:
                right.add(said)
                return
        self.known.append((pattern, {said}))

    def check(self, surface: str, text: str) -> None:
        left = NO_COUNT.sub("·", text)
        left = DETECTOR.sub("·", MEASURED.sub("·", left))
        for pattern, right in self.known:
            for match in pattern.finditer(left):
                assert match.groups() in right, (surface, match.group(), right)
                self.seen[pattern.pattern] += 1
            left = pattern.sub("·", left)
        unknown = [line for line in left.splitlines() if re.search(r"\d", line)]
        assert not unknown, (surface, "\n".join(unknown))


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}".removesuffix(".00")


def list_sentences(made: Made, counted: Counted) -> Sentences:
    said = Sentences()
    add_card(said, counted)
    add_gates(said, counted)
    add_pages(said, made, counted)
    add_detectors(said, counted)
    add_findings(said)
    add_tables(said, counted)
    return said


CHANGED = plan.MUTED + plan.BLEEPED + plan.STRIPPED


def format_sum(clips: list[dict[str, Any]]) -> str:
    return f"{sum(clip['duration'] for clip in clips):.1f}"


def add_card(said: Sentences, counted: Counted) -> None:
    add, events, drawn = said.add, len(counted.events), counted.drawn_from
    bound = f"{find_bound(drawn, plan.HEARD):.2f}"
    add(
        "holds # clips (# s) with # events and # weak labels",
        len(counted.clips),
        format_sum(counted.clips),
        events,
        plan.WEAK,
    )
    add("# recordings are named", plan.RECORDINGS)
    add(
        "# clips are marked as synthetic (#%)",
        plan.SYNTHETIC,
        share(plan.SYNTHETIC, len(counted.clips)),
    )
    add("Review changed the bytes of # clips", CHANGED)
    add("passages were muted in # clips", plan.MUTED)
    add("passages were covered by a tone in # clips", plan.BLEEPED)
    add("tags were taken out of the file in # clips", plan.STRIPPED)
    add("Of # events, # (#%) were verified here", events, plan.HERE, share(plan.HERE, events))
    add("of # the import states that somebody else", plan.STATED)
    add("of # the import states that they are verified", plan.UNNAMED)
    add("# by source `human`, # by source `import`", plan.HUMAN, events - plan.HUMAN)
    add(
        "# by source `human`, # by source `import`",
        plan.WEAK_BY_HUMANS,
        plan.WEAK - plan.WEAK_BY_HUMANS,
    )
    add("by source: # human, # import", plan.HUMAN, events - plan.HUMAN)
    add("# weak labels say of # clips", plan.WEAK, plan.WEAK_CLIPS)
    add("# clips were annotated and found to hold none", plan.EMPTY)
    add("# clips (# s) have people in them", plan.PEOPLED, format_sum(counted.of(contributors=1)))
    add("consent covered # of them (#%)", plan.PEOPLED, 100)
    add("# things were found; people looked at them and let # stand", plan.CLEARED, plan.CLEARED)
    add("Review took # clips out", plan.EXCLUDED)
    add("they heard # sounds drawn at random from the # without findings", plan.HEARD, drawn)
    add("found something in #: with #% confidence at most #% of the sounds", 0, 95, bound)
    add("# of # clips are generated", plan.SYNTHETIC, len(counted.clips))


def add_gates(said: Sentences, counted: Counted) -> None:
    add, events, drawn = said.add, len(counted.events), counted.drawn_from
    bound = f"{find_bound(drawn, plan.HEARD):.2f}"
    add(
        "# missed in # heard of #: with #% confidence at most #% of unflagged",
        0,
        plan.HEARD,
        drawn,
        95,
        bound,
    )
    add("The aim is #%. # of those drawn were not heard.", 1, drawn - plan.HEARD)
    add("Questions without the answer that is needed: #.", 1)
    add("# clips with people has agreed", plan.PEOPLED)
    add("Every current detector (#)", 10)
    add("Every label fits: # events and # weak labels.", events, plan.WEAK)
    add(
        "#% of # events were verified here by a second person; #% is declared",
        f"{100 * plan.HERE / events:.1f}",
        events,
        "0.0",
    )
    add("Every file is there and matches its hash (#).", len(counted.clips))
    add("# failing row", 1)


def add_pages(said: Sentences, made: Made, counted: Counted) -> None:
    add, events, drawn = said.add, len(counted.events), counted.drawn_from
    add("over its # rows", len(counted.clips))
    add("# clips (# s)", len(counted.clips), format_sum(counted.clips))
    add("# weak labels of # clips", plan.WEAK, plan.WEAK_CLIPS)
    add("# in # clips\n", plan.WEAK, plan.WEAK_CLIPS)
    add("# in # clips\n", 1, plan.PEOPLED)
    add("Found empty\n# clips", plan.EMPTY)
    add("found empty | # clips", plan.EMPTY)
    add("Clips found empty\n#", plan.EMPTY)
    add("Changed by review\n# clips", CHANGED)
    add("Synthetic\n# clips", plan.SYNTHETIC)
    add(
        "clips\n#\nof audio\n# s\nevents\n#\nto download\n# kB",
        len(counted.clips),
        format_sum(counted.clips),
        events,
        round(made.release.size / 1000),
    )
    add("Labelled time\n# labels", 2)
    add("\nclips | #\n", len(counted.clips))
    add("\n# | · | no | cleo | ·\n", 1)
    add("# people heard, # recorded", 0, 0)
    add("Sample #\n# of # heard, # missed", 1, plan.HEARD, drawn, 0)
    add("At most # of each stand here", 200)


def add_detectors(said: Sentences, counted: Counted) -> None:
    files = len({clip["sha256"] for clip in counted.clips})
    for detector in ("likeness", "metadata", "speech", "spoken", "video", "cells", "names"):
        of_texts = detector in {"cells", "names"}
        amounts = (0, len(counted.clips), 0) if of_texts else (files, 0, 0)
        versions = {
            row.scan.detector_version
            for row in Finding.objects.filter(scan__detector=detector).select_related("scan")
        } or {"1", "2"}
        for version in versions:
            said.add(f"\n{detector}\n#\n#\n#\n#\n", version, *amounts)
            said.add(f"{detector} | # | # files, # texts | #", version, *amounts)


def add_findings(said: Sentences) -> None:
    for kind, found in (("cells", plan.CELLS), ("speech", plan.SPEECH), ("clear", plan.CLEARED)):
        said.add(f"\n{kind}\n#\n", found)
        said.add(f"\n{kind} | #", found)
    for method in ("mute", "bleep", "strip"):
        said.add(f"{method} #", *{row.version for row in Redaction.objects.filter(method=method)})
    said.add("# to # s", "0.10", "0.20")


def add_tables(said: Sentences, counted: Counted) -> None:
    for split in ("test", "train"):
        rows = counted.of(split=split)
        length = sum(clip["duration"] for clip in rows)
        said.add(f"| {split} | # | # s |", len(rows), f"{length:.1f}")
        said.add(f"\n{split}\n# s", f"{length:.2f}" if length < 10 else f"{length:.1f}")
    for licence in ("CC-BY-4.0", "CC0-1.0"):
        rows = counted.of(licence=licence)
        said.add("| `·` | # | # s |", len(rows), f"{sum(clip['duration'] for clip in rows):.1f}")
    for label in ("bell", "horn"):
        of_label = [e for e in counted.events if e["label"] == label and e["presence"] == "yes"]
        length = sum(event["offset"] - event["onset"] for event in of_label)
        clips = len({event["clip_id"] for event in of_label})
        said.add(f"| {label} | # | # | # s |", len(of_label), clips, f"{length:.1f}")
        said.add(f"\n{label}\n# s", f"{length:.2f}".rstrip("0"))
    said.add("Clips by licence\n·\n#\n·\n#", plan.CREDITED, plan.RELEASED - plan.CREDITED)
    said.add("| hum | # |", plan.HUMS)
    said.add("| buzz | # |", plan.BUZZES)
