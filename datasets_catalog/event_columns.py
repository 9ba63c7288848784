"""The columns of events.parquet, in their order."""

from datasets_catalog.columns import Column, HashPlace, Kind, name_first_columns

_MADE_HERE = "made here, of nothing that people wrote"
_FEW_WORDS = "one of a few words"

EVENT_COLUMNS = (
    Column("event_id", Kind.TEXT, "Event", "lower-case UUID", unscanned=_MADE_HERE, distinct=True),
    Column(
        "clip_id",
        Kind.TEXT,
        "Clip",
        "the clip it is heard in",
        unscanned=_MADE_HERE,
        hashed=HashPlace.NOT,
        distinct=True,
    ),
    Column(
        "path",
        Kind.TEXT,
        "Path",
        "name of that clip",
        unscanned="looked at as the clip's",
        hashed=HashPlace.NOT,
        distinct=True,
    ),
    Column("label", Kind.TEXT, "Label", "what is heard"),
    Column(
        "term",
        Kind.TEXT,
        "Term",
        "code of the label in the dataset's vocabulary",
        nullable=True,
        unscanned="a code of a vocabulary",
    ),
    Column("onset", Kind.FLOAT64, "Onset", "where it begins", unit="seconds"),
    Column("offset", Kind.FLOAT64, "Offset", "where it ends, not included", unit="seconds"),
    Column("f_low", Kind.FLOAT64, "Lowest frequency", "lower bound", unit="hertz", nullable=True),
    Column("f_high", Kind.FLOAT64, "Highest frequency", "upper bound", unit="hertz", nullable=True),
    Column("channel", Kind.INT16, "Channel", "counted from 0; null is all", nullable=True),
    Column("confidence", Kind.FLOAT64, "Confidence", "0 to 1", nullable=True),
    Column(
        "source",
        Kind.TEXT,
        "Source",
        "human, model, import or synthetic",
        unscanned=_FEW_WORDS,
    ),
    Column("status", Kind.TEXT, "Status", "suggested or verified", unscanned=_FEW_WORDS),
    Column(
        "presence",
        Kind.TEXT,
        "Presence",
        "yes, no (known to be absent) or unsure",
        unscanned=_FEW_WORDS,
    ),
    Column("annotator", Kind.TEXT, "Annotator", "code of who labelled it", nullable=True),
    Column("verifier", Kind.TEXT, "Verifier", "code of who confirmed it", nullable=True),
)
# Which clip an event is of: not part of what is said of the event.
OF_THE_CLIP = frozenset(column.name for column in EVENT_COLUMNS if column.hashed is HashPlace.NOT)
# What an event puts into its clip's digest of labels.
IN_LABELS = tuple(column.name for column in EVENT_COLUMNS if column.hashed is not HashPlace.NOT)
FIRST_EVENT_COLUMNS = name_first_columns(EVENT_COLUMNS)
