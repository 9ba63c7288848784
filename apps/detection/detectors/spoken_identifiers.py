"""Hears identifiers in speech: numbers said digit by digit, names and addresses people announce.

PocketSphinx with its own English model writes down what it understands, which is far from all: what
it finds may add findings and is never a reason to clear any. Only stretches in which the speech
detector heard somebody are listened to, and of each clip at most a minute of them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pocketsphinx

from apps.audio.decoding import Samples
from apps.detection.detectors.base import (
    AudioSubject,
    Detection,
    DetectorVersion,
    Kinds,
    Looks,
    Observation,
)
from apps.detection.detectors.model_files import check_model_hash, find_packaged_file, hash_files
from apps.detection.detectors.sound_channels import SAMPLE_RATE, SoundChannels, Span
from datasets_catalog.finding_kinds import FindingKind

PACKAGE = "pocketsphinx"
MODEL_FOLDER = "pocketsphinx/model/en-us"
MODEL_FILES = (
    "en-us/feat.params",
    "en-us/mdef",
    "en-us/means",
    "en-us/noisedict",
    "en-us/sendump",
    "en-us/transition_matrices",
    "en-us/variances",
    "en-us.lm.bin",
    "cmudict-en-us.dict",
)
MODEL_SHA256 = "5e556117cc9d4fecbe8be86d2d8f91b07bc992806372525c85976d9cb5be2139"

FRAMES_A_SECOND = 100
# The model takes about a quarter of the time that the speech lasts: this bounds it for a clip.
MOST_SECONDS = 60.0
SHORTEST_SECONDS = 0.2
# How many models may be followed at a time: fewer are faster, and noise does not take minutes.
MOST_MODELS = 6000
# Telephone numbers, cards and accounts have more; hours, prices and counts have fewer.
FEWEST_DIGITS = 5
MOST_BETWEEN = 1

DIGITS = frozenset(
    {"zero", "oh", "o", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
)
# Said between digits these are nearly always digits that were misheard.
ALIKE = frozenset({"to", "too", "for", "ate", "won", "tree"})
PHRASES = {
    FindingKind.SPOKEN_NAME: r"\b(my|his|her) ((first|last|full|family|given) )?(name is|name's)\b"
    r"|\bi am called\b|\bthis is (mister|missus|miss|doctor)\b",
    FindingKind.SPOKEN_ADDRESS: r"\bi live (at|on|in)\b|\bmy (home )?address\b"
    r"|\b(zip|postal) code is\b",
    FindingKind.SPOKEN_BIRTH_DATE: r"\bi was born\b|\b(my|his|her) (birthday|date of birth)\b",
    FindingKind.SPOKEN_NUMBER: r"\bmy ((phone|telephone|mobile|cell|home|office) )?number is\b"
    r"|\bmy (social security|credit card|account|card|passport)\b|\b(call|reach) me (at|on)\b",
    FindingKind.SPOKEN_EMAIL: r"\bmy e ?mail\b|\bat \w+( \w+)? dot (com|org|net|edu)\b",
}
PATTERNS = {kind: re.compile(form) for kind, form in PHRASES.items()}
SENTENCES = {
    FindingKind.SPOKEN_NAME: "Somebody seems to say a name",
    FindingKind.SPOKEN_ADDRESS: "Somebody seems to say an address",
    FindingKind.SPOKEN_BIRTH_DATE: "Somebody seems to say a date of birth",
    FindingKind.SPOKEN_NUMBER: "Somebody seems to say a personal number",
    FindingKind.SPOKEN_EMAIL: "Somebody seems to say an e-mail address",
    FindingKind.SPOKEN_DIGITS: "Somebody seems to say a number digit by digit",
}
# What is announced follows within this time (seconds).
AFTERWARDS = 4.0


class Word(NamedTuple):
    """A word that was understood, and when (seconds, half-open)."""

    text: str
    onset: float
    offset: float


class SpokenDetector:
    """Numbers of five digits and more, and announcements such as "my name is"; English only.

    Goes by the stretches that the speech detector (of version `after`) heard. Findings show how
    many digits there were, never which; no transcript is kept.
    """

    name = "spoken"
    version = "1"
    model_sha256 = MODEL_SHA256
    looks_at = Looks.AUDIO
    kinds: Kinds = frozenset(SENTENCES)
    needs_speech = True

    def __init__(self, *, after: DetectorVersion) -> None:
        self.parameters: Mapping[str, Any] = {
            "after": [after.version, after.parameters_sha256],
            "digits": FEWEST_DIGITS,
            "seconds": MOST_SECONDS,
        }

    def detect(self, subject: AudioSubject) -> Detection:
        spans = _keep_first_minute(subject.speech or ())
        words: list[Word] = []
        for onset, samples in _cut_spans(SoundChannels(subject.path).mix(), spans) if spans else ():
            words += _recognise_words(samples, onset)
        listened = sum(offset - onset for onset, offset in spans)
        spoken = sum(offset - onset for onset, offset in subject.speech or ())
        return Detection(
            findings=tuple(_find_identifiers(words)),
            evidence={
                "words": len(words),
                "digits": sum(word.text in DIGITS for word in words),
                "seconds_listened": round(listened, 3),
                "seconds_left_out": round(spoken - listened, 3),
            },
            seconds=listened,
        )


def _keep_first_minute(spans: Sequence[Span]) -> list[Span]:
    """The first minute of speech."""
    kept: list[Span] = []
    left = MOST_SECONDS
    for onset, offset in spans:
        end = min(offset, onset + left)
        if end - onset >= SHORTEST_SECONDS:
            kept.append((onset, end))
            left -= end - onset
    return kept


def _cut_spans(blocks: Iterator[Samples], spans: Sequence[Span]) -> Iterator[tuple[float, Samples]]:
    """The samples of each stretch; memory does not grow with the file."""
    position, kept = 0, np.zeros(0, np.float32)
    waiting = list(spans)
    for block in blocks:
        kept = np.concatenate([kept, block])
        while waiting and position + len(kept) >= round(waiting[0][1] * SAMPLE_RATE):
            onset, offset = waiting.pop(0)
            start, stop = (round(at * SAMPLE_RATE) - position for at in (onset, offset))
            yield onset, kept[start:stop]
        if not waiting:
            return
        drop = min(len(kept), max(0, round(waiting[0][0] * SAMPLE_RATE) - position))
        position, kept = position + drop, kept[drop:]
    for onset, offset in waiting:
        start, stop = (round(at * SAMPLE_RATE) - position for at in (onset, offset))
        if len(kept[start:stop]):
            yield onset, kept[start:stop]


def _recognise_words(samples: Samples, onset: float) -> Iterator[Word]:
    decoder = load_decoder()
    # What earlier sounds left in the front end is forgotten: the same sound, the same answer.
    decoder.reinit_feat()
    coded = (np.clip(samples, -1, 1) * np.float32(32767)).astype("<i2").tobytes()
    decoder.start_utt()
    decoder.process_raw(coded, full_utt=True)
    decoder.end_utt()
    for part in decoder.seg() if decoder.hyp() else ():
        text = part.word.partition("(")[0].lower()
        if text.isalpha() or "'" in text:
            yield Word(
                text,
                onset + part.start_frame / FRAMES_A_SECOND,
                onset + (part.end_frame + 1) / FRAMES_A_SECOND,
            )


def _find_identifiers(words: Sequence[Word]) -> Iterator[Observation]:
    for run in _find_digit_runs(words):
        count = sum(word.text in DIGITS or word.text in ALIKE for word in run)
        yield _build_observation(
            FindingKind.SPOKEN_DIGITS, run[0].onset, run[-1].offset, {"digits": count}
        )
    text, starts = "", []
    for word in words:
        starts.append(len(text))
        text += word.text + " "
    for kind, pattern in PATTERNS.items():
        for match in pattern.finditer(text):
            inside = [w for w, at in zip(words, starts, strict=True) if at >= match.start()]
            announced = sum(at < match.end() for at in starts if at >= match.start())
            end = inside[announced - 1].offset
            later = [word.offset for word in inside if word.onset < end + AFTERWARDS]
            yield _build_observation(
                kind, inside[0].onset, max(later), {"announced_until": round(end, 3)}
            )


def _find_digit_runs(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Runs with enough digits, at most one other word between any two of them."""
    run: list[Word] = []
    between = 0
    for word in words:
        if word.text in DIGITS or (run and word.text in ALIKE):
            run.append(word)
            between = 0
        elif run and between < MOST_BETWEEN:
            between += 1
        else:
            yield from _pass_long_run(run)
            run, between = [], 0
    yield from _pass_long_run(run)


def _pass_long_run(run: list[Word]) -> Iterator[list[Word]]:
    if sum(word.text in DIGITS for word in run) >= FEWEST_DIGITS:
        yield run


def _build_observation(
    kind: FindingKind, onset: float, offset: float, evidence: Mapping[str, Any]
) -> Observation:
    return Observation(
        kind=kind,
        detail=f"{SENTENCES[kind]}, from {onset:.2f} s to {offset:.2f} s",
        score=0.6,
        onset=round(onset, 4),
        offset=round(offset, 4),
        evidence=evidence,
    )


@lru_cache(maxsize=1)
def load_decoder() -> Any:
    """The decoder with its checked model; one utterance at a time. Raises `ModelMissingError`."""
    folder = find_packaged_file(PACKAGE, MODEL_FOLDER)
    check_model_hash("en-us", hash_model(folder), MODEL_SHA256, PACKAGE)
    return pocketsphinx.Decoder(
        hmm=str(folder / "en-us"),
        lm=str(folder / "en-us.lm.bin"),
        dict=str(folder / "cmudict-en-us.dict"),
        samprate=SAMPLE_RATE,
        # The channel is learnt from each utterance alone.
        cmn="batch",
        maxhmmpf=MOST_MODELS,
        loglevel="FATAL",
    )


def hash_model(folder: Path) -> str:
    return hash_files(folder / name for name in MODEL_FILES)
