"""Every shared component in every state, for the people who build pages; only with DEBUG on."""

import io
import math
import struct
import wave
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from apps.doors.web.badges import KINDS
from apps.doors.web.components import (
    Bar,
    Change,
    ChangeGroup,
    Check,
    Column,
    Crumb,
    Region,
    Tab,
    Tone,
)
from apps.doors.web.page_sounds import serve_short_sound
from apps.doors.web.paging import Page

TONE_RATE = 8000
ROOT = "9f2c41d07be8a6533ec0f41b7a95d2286b1fe37c0d48a1925ef3067bc4d81a6e"


class SampleForm(forms.Form):
    name = forms.SlugField(
        label="Name", help_text="Part of the address. Lower-case letters, digits and dashes."
    )
    vertical = forms.ChoiceField(
        label="Vertical",
        choices=[("wildlife", "Wildlife"), ("urban", "Urban"), ("medical", "Medical")],
        help_text="Brings the fields each clip can have. It cannot be changed later.",
    )
    description = forms.CharField(label="Description", widget=forms.Textarea, required=False)
    purposes = forms.MultipleChoiceField(
        label="Purposes",
        choices=[
            ("research.noncommercial", "Non-commercial research"),
            ("train.discriminative", "Training models that recognise or classify"),
        ],
        widget=forms.CheckboxSelectMultiple,
        help_text="Consent is checked for exactly these.",
    )
    archive = forms.FileField(
        label="Archive", help_text="A .zip or .tar with the clips, at most 2 GB.", required=False
    )
    accept = forms.BooleanField(
        label="I may share these recordings", help_text="The rights of each clip are checked again."
    )


@dataclass(frozen=True)
class SampleJob:
    """A job in one of its states, as the job component reads it."""

    uid: str
    kind: str
    state: str
    message: str = ""
    done: int = 0
    total: int = 0
    attempt: int = 1
    cancel_requested: bool = False
    error: dict[str, str] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return self.state in {"done", "failed", "cancelled"}


CHECKS = [
    Check(
        title="Every clip has a licence we know",
        code="rights.licence_known",
        tone=Tone.GOOD,
        verdict="Passed",
        summary="412 clips, 3 licences.",
        why="What nobody licensed, nobody may pass on.",
    ),
    Check(
        title="Consent covers every declared purpose",
        code="consent.coverage",
        tone=Tone.BAD,
        verdict="Failed",
        summary="2 of 412 clips are not covered.",
        why="A person who can be heard decides what the recording may be used for.",
        mend="Ask the contributors for the missing purposes, exclude the clips, or release"
        " for fewer purposes.",
        columns=("Clip", "Contributor", "Purpose", "Answer"),
        rows=(
            ("dawn/terrace-03.flac", "P-017", "train.generative", "denied"),
            ("dawn/terrace-04.flac", "P-017", "train.generative", "not asked"),
        ),
        rows_total=2,
    ),
    Check(
        title="Events were verified by a second person",
        code="labels.verified",
        tone=Tone.WARN,
        verdict="Advisory",
        summary="31 % of 1,904 events; the dataset declares 50 %.",
        mend="Verify more events, or lower the declared share.",
    ),
    Check(
        title="Every blob is there and hashes right",
        code="integrity.present",
        tone=Tone.PLAIN,
        verdict="Not checked yet",
    ),
]
REGIONS = [
    Region("Great tit", 0.42, 1.31, "event", Tone.GOOD, "verified"),
    Region("Speech", 1.9, 2.65, "finding", Tone.BAD, "score 0.93"),
    Region("Door", 3.05, 3.2, "event", Tone.WARN, "suggested"),
]
CHANGES = [
    ChangeGroup(
        "Clips",
        "3 changed, 412 → 412",
        (
            Change("dawn/terrace-05.flac", after="12.4 s · CC-BY-4.0"),
            Change("dawn/terrace-03.flac", before="9.8 s · CC-BY-4.0"),
            Change("dusk/pond-11.flac", before="CC-BY-NC-4.0", after="CC-BY-4.0"),
        ),
        3,
        of_files=True,
    ),
    ChangeGroup("Consent", "no change", (), 0),
]


def show_styleguide(request: HttpRequest) -> HttpResponse:
    if not settings.DEBUG:
        raise Http404
    return render(request, "web/styleguide.html", _build_samples())


def serve_tones(request: HttpRequest) -> HttpResponse:
    """Four seconds of fading tones, made here so that the page needs no recording."""
    if not settings.DEBUG:
        raise Http404
    packed = io.BytesIO()
    with wave.open(packed, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(TONE_RATE)
        out.writeframes(b"".join(struct.pack("<h", _compute_tone(n)) for n in range(4 * TONE_RATE)))
    return serve_short_sound(request, packed.getvalue(), "tones")


def _compute_tone(sample: int) -> int:
    seconds = sample / TONE_RATE
    fade = math.exp(-3 * (seconds % 1.1)) * (0.5 + 0.5 * math.sin(5 * seconds))
    return int(28_000 * fade * math.sin(2 * math.pi * 440 * seconds))


def _build_samples() -> dict[str, Any]:
    return {
        "crumbs": [Crumb("Datasets", "#"), Crumb("murmur", "#"), Crumb("dawn-chorus")],
        "root": ROOT,
        "columns": [
            Column("Path", "path"),
            Column("Split"),
            Column("Licence"),
            Column("Length", "duration", numeric=True),
            Column("Rate", numeric=True),
        ],
        "clips": [
            ("dawn/terrace-01.flac", "train", "CC-BY-4.0", 12.4, 48000),
            ("dawn/terrace-02.flac", "validation", "CC0-1.0", 3.912, 44100),
            ("dusk/pond-11-with-a-rather-long-name-to-wrap.flac", "test", "", 184.0, 96000),
        ],
        "page": Page(rows=[1, 2, 3], next_url="#", first_url="#", total=412),
        "badges": {kind: list(states) for kind, states in KINDS.items()},
        "tab_items": [
            Tab("Overview", "#", current=True),
            Tab("Clips", "#", count=51197),
            Tab("Labels", "#"),
            Tab("Consent", "#"),
            Tab("Privacy", "#", count=7),
            Tab("Releases", "#", count=3),
            Tab("Access", "#"),
            Tab("Activity", "#"),
        ],
        "checks": CHECKS,
        "regions": REGIONS,
        "changes": CHANGES,
        "bar_items": [
            Bar("CC-BY-4.0", "301 clips", 0.73),
            Bar("CC0-1.0", "109 clips", 0.26),
            Bar("no licence", "2 clips", 0.01, bad=True),
        ],
        "empty_form": SampleForm(),
        "bad_form": SampleForm({"bad-name": "Dawn Chorus", "bad-vertical": "space"}, prefix="bad"),
        "jobs": [
            SampleJob("1", "ingest.import", "queued"),
            SampleJob("2", "ingest.import", "running", "Reading archive", 1312, 51197),
            SampleJob("3", "privacy.scan", "running", "Starting"),
            SampleJob("4", "releases.freeze", "done", "Frozen", 412, 412),
            SampleJob(
                "5",
                "publishing.push",
                "failed",
                error={"message": "The Hub did not take the commit (503). Start it again."},
            ),
        ],
    }
