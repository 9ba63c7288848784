"""From the lines of a label file to rows of the catalog, and what is wrong with the others."""

from collections.abc import Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass, field

from apps.accounts.models import User
from apps.datasets.models import Clip, Dataset, EmptyAnnotation, Event, Term, WeakLabel
from apps.ingest.clip_matching import ClipFinder
from apps.ingest.event_table import EmptyLine, EventLine, LabelLine, WeakLine
from apps.ingest.importers.imported_labels import LossReport
from apps.ingest.row_readers import Problem, RowError, RowErrors
from apps.ingest.term_matching import TermFinder
from datasets_catalog.labels import Event as EventValue
from datasets_catalog.labels import Extent, Presence, Source, Status, find_event_problems

REPEATED_LINES = "lines that say again what another line says"
ORDERING_LABELS = (
    "labels that only order others were left out: the vocabulary puts them above the rest"
)
ADVISED_AGAINST = "labels that the vocabulary advises against were kept"
MAX_LABEL = 200


@dataclass(frozen=True, slots=True)
class FoundEmpty:
    """A clip that a row says holds none of the labels, and where it says so."""

    annotation: EmptyAnnotation
    row: int
    source: str


@dataclass(slots=True)
class LabelRows:
    """Checked rows, not written yet."""

    events: list[Event] = field(default_factory=list)
    weak: list[WeakLabel] = field(default_factory=list)
    empty: list[FoundEmpty] = field(default_factory=list)

    def labels(self) -> Iterator[Event | WeakLabel]:
        yield from self.events
        yield from self.weak

    def makers(self) -> set[int]:
        """Ids of the users who bring these rows in."""
        rows = (*self.labels(), *(each.annotation for each in self.empty))
        return {row.created_by_id for row in rows if row.created_by_id is not None}

    def of_paths(self, paths: Collection[str]) -> "LabelRows":
        """Keep the rows of some clips."""
        return LabelRows(
            [event for event in self.events if event.clip.path in paths],
            [label for label in self.weak if label.clip.path in paths],
            [each for each in self.empty if each.annotation.clip.path in paths],
        )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a line stands."""

    row: int
    source: str


class LabelReader:
    """Turns lines into rows; what is wrong goes to `errors`, what is not kept to `losses`."""

    def __init__(
        self, dataset: Dataset, actor: User, errors: RowErrors, losses: LossReport | None = None
    ) -> None:
        self._clips = ClipFinder(dataset)
        self._terms = TermFinder(dataset.vocabulary)
        self._actor = actor
        self._errors = errors
        self._losses = LossReport() if losses is None else losses
        self._seen: dict[Hashable, tuple[_Place, object]] = {}
        self._ordering: list[tuple[_Place, WeakLine, Clip, Term]] = []
        self._rows = LabelRows()

    def read(self, lines: Iterable[LabelLine]) -> LabelRows:
        for line in lines:
            clip = self._clip(line)
            if clip is None:
                continue
            if isinstance(line, EmptyLine):
                self._add_empty(line, clip)
            elif isinstance(line, WeakLine):
                self._add_weak(line, clip)
            else:
                self._add_event(line, clip)
        self._settle_ordering()
        self._settle_empty()
        return self._rows

    def _clip(self, line: LabelLine) -> Clip | None:
        match = self._clips.find(line.path)
        if match.clip is None:
            code = Problem.CLIP_AMBIGUOUS if match.is_ambiguous else Problem.CLIP_UNKNOWN
            self._refuse(self._place(line), "path", line.path, match.expectation, code)
        return match.clip

    def _add_empty(self, line: EmptyLine, clip: Clip) -> None:
        annotation = EmptyAnnotation(
            clip=clip,
            source=line.source,
            annotator=line.annotator or "",
            created_by=self._actor,
        )
        key = ("empty", clip.pk, annotation.annotator)
        if self._is_new(line, key, annotation.source, clip.path):
            place = self._place(line)
            self._rows.empty.append(FoundEmpty(annotation, place.row, place.source))

    def _add_weak(self, line: WeakLine, clip: Clip) -> None:
        matched, term = self._term(line)
        if not matched:
            return
        if term is not None and term.abstract:
            self._ordering.append((self._place(line), line, clip, term))
            return
        label = WeakLabel(
            clip=clip,
            label=term.name if term else line.label,
            term=term,
            confidence=line.confidence,
            source=line.source,
            status=line.status,
            presence=line.presence,
            annotator=line.annotator or "",
            created_by=self._actor,
        )
        said = (label.presence, label.confidence, label.source, label.status)
        where = f"{clip.path}: {label.label}"
        if self._is_new(line, identify_weak_label(label), said, where):
            self._rows.weak.append(label)

    def _add_event(self, line: EventLine, clip: Clip) -> None:
        matched, term = self._term(line)
        if not matched:
            return
        if term is not None and term.abstract:
            instead = self._terms.labels_instead(term)
            self._refuse(self._place(line), "label", line.label, instead, Problem.TERM_UNFIT)
            return
        event = Event(
            clip=clip,
            label=term.name if term else line.label,
            term=term,
            onset=line.onset,
            offset=clip.duration if line.offset is None else line.offset,
            f_low=line.f_low,
            f_high=line.f_high,
            channel=line.channel,
            confidence=line.confidence,
            source=line.source,
            status=line.status,
            presence=line.presence,
            annotator=line.annotator or "",
            verifier=line.verifier or "",
            created_by=self._actor,
        )
        said = (event.confidence, event.source, event.status)
        where = f"{clip.path}: {event.label} from {event.onset} to {event.offset} s"
        if self._check_fit(line, event, clip) and self._is_new(
            line, identify_event(event), said, where
        ):
            self._rows.events.append(event)

    def _term(self, line: EventLine | WeakLine) -> tuple[bool, Term | None]:
        """Whether the label may stand, and its term where there is a vocabulary."""
        match = self._terms.find(line.label, line.term)
        if match.term is None and match.expected:
            place = self._place(line)
            self._refuse(place, "label", line.label, match.expected, Problem.VALUE_INVALID)
            return False, None
        if match.term is not None and match.term.blacklisted:
            self._losses.note(ADVISED_AGAINST, f"{line.path}: {match.term.name}")
        return True, match.term

    def _check_fit(self, line: EventLine, event: Event, clip: Clip) -> bool:
        extent = Extent(clip.duration, clip.sample_rate, clip.channels)
        found = find_event_problems(build_event_value(event), extent)
        place = self._place(line)
        for problem in found:
            value = str(problem.value)
            self._refuse(place, problem.field, value, problem.message, Problem.VALUE_INVALID)
        return not found

    def _is_new(self, line: LabelLine, key: Hashable, said: object, where: str) -> bool:
        """Count a line that says the same again; refuse one that says it otherwise."""
        place = self._place(line)
        before = self._seen.setdefault(key, (place, said))
        if before[0] == place and before[1] is said:
            return True
        earlier, other = before
        if other == said:
            self._losses.note(REPEATED_LINES, f"row {line.row}: {where}")
        else:
            at = f"{earlier.source}, row {earlier.row}" if earlier.source else f"row {earlier.row}"
            expected = f"one line for each label; {at} says the same with other values"
            self._refuse(place, "label", where, expected, Problem.LABEL_CONFLICT)
        return False

    def _settle_ordering(self) -> None:
        """Leave out abstract labels above others of the clip; refuse those that stand alone."""
        codes: dict[int, set[str]] = {}
        for label in self._rows.weak:
            if label.term is not None and label.presence != Presence.NO:
                codes.setdefault(label.clip.pk, set()).add(label.term.code)
        for place, line, clip, term in self._ordering:
            if any(self._terms.is_above(term, code) for code in codes.get(clip.pk, ())):
                self._losses.note(ORDERING_LABELS, f"{clip.path}: {term.name}")
            else:
                instead = self._terms.labels_instead(term)
                self._refuse(place, "label", line.label, instead, Problem.TERM_UNFIT)

    def _settle_empty(self) -> None:
        """Refuse that a clip holds none where the same annotator labels it in the same file."""
        labelled = collect_annotators(self._rows.labels())
        kept = []
        for each in self._rows.empty:
            annotation = each.annotation
            if (annotation.clip.pk, annotation.annotator) in labelled:
                refuse_empty_annotation(self._errors, each, "no other line that labels this clip")
            else:
                kept.append(each)
        self._rows.empty = kept

    def _place(self, line: LabelLine) -> _Place:
        return _Place(line.row, self._errors.source)

    def _refuse(self, place: _Place, column: str, value: str, expected: str, code: Problem) -> None:
        self._errors.add(RowError(place.row, column, value, expected, code, place.source))


def refuse_empty_annotation(errors: RowErrors, each: FoundEmpty, expected: str) -> None:
    path = each.annotation.clip.path
    errors.add(RowError(each.row, "label", path, expected, Problem.LABEL_CONFLICT, each.source))


def collect_annotators(labels: Iterable[Event | WeakLabel]) -> set[tuple[int, str]]:
    """Return clip and annotator of each label that says of a clip that something is in it."""
    return {
        (each.clip_id, each.annotator)
        for each in labels
        if each.presence != Presence.NO and each.status != Status.REJECTED
    }


def identify_event(event: Event) -> Hashable:
    """What makes two events the same one: label, time, pitch, channel, and who says so."""
    return (
        event.clip_id,
        event.label,
        round(event.onset, 6),
        round(event.offset, 6),
        _round_hertz(event.f_low),
        _round_hertz(event.f_high),
        event.channel,
        event.annotator,
        str(event.presence),
    )


def identify_weak_label(label: WeakLabel) -> Hashable:
    return (label.clip_id, label.label, label.annotator)


def _round_hertz(hertz: float | None) -> float | None:
    return None if hertz is None else round(hertz, 6)


def build_event_value(event: Event) -> EventValue:
    """The row as the value that the rules judge and hash."""
    return EventValue(
        event_id=str(event.uid),
        label=event.label,
        onset=event.onset,
        offset=event.offset,
        term=event.term.code if event.term else None,
        f_low=event.f_low,
        f_high=event.f_high,
        channel=event.channel,
        confidence=event.confidence,
        source=Source(event.source),
        status=Status(event.status),
        presence=Presence(event.presence),
        annotator=event.annotator or None,
        verifier=event.verifier or None,
    )
