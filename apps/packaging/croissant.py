"""A release in Croissant 1.1 with the RAI 1.0 properties, as JSON-LD.

Format: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html and
https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html. Croissant knows no segment of
time: strong labels are a record set of their own whose rows refer to clips.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from apps.packaging.content import LicenceText, ReleaseContent, TableFile
from apps.packaging.features import SHARD_CLIPS, SHARD_EVENTS
from apps.packaging.odrl_usage import build_usage_info
from datasets_catalog.card_facts import CardFacts
from datasets_catalog.card_labels import render_empty_clips, render_vocabulary, render_weak_labels
from datasets_catalog.card_review import render_consent, render_redactions, render_verified
from datasets_catalog.card_text import format_clip_count
from datasets_catalog.cards import render_citation
from datasets_catalog.columns import Column, Kind
from datasets_catalog.description_sheets import Creator

MEDIA_TYPE = 'application/ld+json; profile="http://mlcommons.org/croissant/1.1"'
PARQUET = "application/x-parquet"
KEYWORD_LABELS = 20
Json = dict[str, Any]

CONTEXT: Json = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_TYPES = {
    Kind.TEXT: "sc:Text",
    Kind.JSON: "sc:Text",
    Kind.FLAG: "sc:Boolean",
    Kind.INT16: "cr:Int16",
    Kind.INT32: "cr:Int32",
    Kind.INT64: "cr:Int64",
    Kind.FLOAT64: "sc:Float",
}
_SPLIT_TYPES = {
    "train": "cr:TrainingSplit",
    "training": "cr:TrainingSplit",
    "valid": "cr:ValidationSplit",
    "validation": "cr:ValidationSplit",
    "val": "cr:ValidationSplit",
    "dev": "cr:ValidationSplit",
    "test": "cr:TestSplit",
    "eval": "cr:TestSplit",
    "evaluation": "cr:TestSplit",
}


@dataclass(frozen=True, slots=True)
class LinkedFile:
    """A file that can be fetched: its name in the release, address, size in bytes and hash."""

    id: str
    url: str
    size: int
    sha256: str
    encoding: str = PARQUET


@dataclass(frozen=True, slots=True)
class Tables:
    """Where the rows of clips and events can be read."""

    clips: LinkedFile
    events: LinkedFile


def build_croissant(
    content: ReleaseContent, *, url: str, tables: Tables | None, files: Iterable[LinkedFile] = ()
) -> Json:
    """Describe the release whose page is `url`.

    `tables` None (a reader who may not have the files) names the columns instead of record sets:
    Croissant has no field without a source. `files` are further files, such as a hub's shards.
    """
    card = content.card
    described: Json = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.1",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": _build_text(content.name),
        "alternateName": card.title,
        "description": _build_text(card.description or card.title),
        "url": url,
        "version": card.version,
        "datePublished": card.published.isoformat(),
        "license": [_build_licence(licence) for licence in content.licences],
        "creator": [*map(_build_creator, card.creators)]
        or [_build_organisation(card.organisation)],
        "publisher": _build_organisation(card.organisation),
        "identifier": {
            "@type": "PropertyValue",
            "propertyID": "merkle-root-sha256",
            "value": card.root,
        },
        "keywords": _list_keywords(card),
        "inLanguage": list(card.languages),
        "funding": card.funding,
        "citeAs": render_citation(card),
        "isLiveDataset": False,
        "usageInfo": build_usage_info(card.purposes),
        **build_responsible_ai(card),
        "distribution": _build_distribution(tables, files),
        "recordSet": _build_record_sets(content, tables) if tables else [],
        "variableMeasured": [] if tables else _list_variables(content),
        "conditionsOfAccess": "" if tables else f"The files are given on request: see {url}",
    }
    return {key: value for key, value in described.items() if value not in ("", [], None)}


def build_responsible_ai(card: CardFacts) -> Json:
    """Return the RAI properties that follow from what the release knows, and no others."""
    said: Json = {
        "rai:dataCollection": card.provenance,
        "rai:dataLimitations": card.limitations,
        "rai:dataManipulationProtocol": render_redactions(card.redactions),
    }
    if card.consent.needing:
        said["rai:personalSensitiveInformation"] = render_consent(card)
    if card.synthetic:
        said["rai:dataPreprocessingProtocol"] = (
            f"{card.synthetic} of {format_clip_count(card.clips)}"
            f" {'is' if card.synthetic == 1 else 'are'} generated or mixed, and marked as such."
        )
    said["rai:dataAnnotationProtocol"] = _describe_annotation(card)
    return said


def _describe_annotation(card: CardFacts) -> str:
    parts = [render_vocabulary(card)]
    if card.events:
        counted = ", ".join(f"{count} {source.value}" for source, count in card.sources.items())
        parts.append(
            f"Events with onset and offset in seconds, by source: {counted}."
            f" {render_verified(card.verified, card.events)}"
        )
    parts += [render_weak_labels(card), render_empty_clips(card)]
    return " ".join(part for part in parts if part)


def _build_text(text: str) -> Json:
    return {"en": text}


def _build_organisation(name: str) -> Json:
    return {"@type": "sc:Organization", "name": _build_text(name)}


def _build_creator(creator: Creator) -> Json:
    said: Json = {"@type": "sc:Person", "name": _build_text(creator.name)}
    if creator.orcid:
        said["sameAs"] = f"https://orcid.org/{creator.orcid}"
    if creator.affiliation:
        said["affiliation"] = _build_organisation(creator.affiliation)
    return said


def _build_licence(licence: LicenceText) -> str | Json:
    if licence.url:
        return licence.url
    return {
        "@type": "sc:CreativeWork",
        "name": _build_text(licence.title or licence.id),
        "description": _build_text(licence.text),
    }


def _list_keywords(card: CardFacts) -> list[str]:
    strong = sorted(card.classes, key=lambda each: (-each.events, each.label))
    weak = sorted(card.weak.classes, key=lambda each: (-each.clips, each.label))
    labels = dict.fromkeys([*(each.label for each in strong), *(each.label for each in weak)])
    return list(dict.fromkeys(["audio", card.vertical.value, *list(labels)[:KEYWORD_LABELS]]))


def _build_distribution(tables: Tables | None, files: Iterable[LinkedFile]) -> list[Json]:
    if tables is None:
        return [_build_file_object(file) for file in files]
    audio = {
        "@type": "cr:FileSet",
        "@id": "audio",
        "name": _build_text("audio"),
        "description": _build_text(
            "The clips, under the path that the record set `clips` gives, relative to data/audio/."
        ),
        "encodingFormat": "audio/*",
        "includes": "data/audio/**",
    }
    linked = {file.id: file for file in (tables.clips, tables.events, *files)}
    return [*(_build_file_object(file) for file in linked.values()), audio]


def _build_file_object(file: LinkedFile) -> Json:
    return {
        "@type": "cr:FileObject",
        "@id": file.id,
        "name": _build_text(file.id),
        "contentUrl": file.url,
        "contentSize": f"{file.size} B",
        "encodingFormat": file.encoding,
        "sha256": file.sha256,
    }


def _list_variables(content: ReleaseContent) -> list[str]:
    return [
        *(
            f"clips/{column.name}"
            for column in _select_present_columns(SHARD_CLIPS, content.clips_table)
        ),
        *(
            f"events/{column.name}"
            for column in _select_present_columns(SHARD_EVENTS, content.events_table)
        ),
    ]


def _select_present_columns(columns: Sequence[Column], table: TableFile) -> list[Column]:
    """The columns that the release's own table has: one of an earlier version may have fewer."""
    return [column for column in columns if column.name in table.columns]


def _build_record_sets(content: ReleaseContent, tables: Tables) -> list[Json]:
    splits = [split.name for split in content.card.splits if split.name]
    clip_of_event = _build_field("events", "clip_id", "sc:Text", tables.events)
    clip_of_event["references"] = {"field": {"@id": "clips/clip_id"}}
    split = _build_field("clips", "split", ["sc:Text", "cr:Split"], tables.clips)
    clips = [
        *_build_fields(
            "clips", _select_present_columns(SHARD_CLIPS, content.clips_table), tables.clips
        ),
        split,
    ]
    said_of_events = _select_present_columns(SHARD_EVENTS, content.events_table)
    events = [clip_of_event, *_build_fields("events", said_of_events, tables.events)]
    return [
        *_build_split_set(splits),
        _build_record_set("clips", "One row for each clip.", "clip_id", clips),
        _build_record_set(
            "events",
            "Strong labels: what is heard in a clip from onset to offset, in seconds, half-open.",
            "event_id",
            events,
        ),
    ]


def _build_split_set(names: Sequence[str]) -> list[Json]:
    if not names:
        return []
    fields: list[Json] = [
        {
            "@type": "cr:Field",
            "@id": "splits/name",
            "name": _build_text("name"),
            "dataType": "sc:Text",
        },
        {
            "@type": "cr:Field",
            "@id": "splits/url",
            "name": _build_text("url"),
            "dataType": "sc:URL",
        },
    ]
    rows = [
        {"splits/name": name, "splits/url": _SPLIT_TYPES.get(name.lower(), "cr:Split")}
        for name in names
    ]
    described = _build_record_set("splits", "The splits that clips belong to.", "name", fields)
    return [{**described, "dataType": "cr:Split", "data": rows}]


def _build_record_set(name: str, description: str, key: str, fields: Sequence[Json]) -> Json:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": _build_text(name),
        "description": _build_text(description),
        "key": {"@id": f"{name}/{key}"},
        "field": list(fields),
    }


def _build_fields(record_set: str, columns: Sequence[Column], file: LinkedFile) -> list[Json]:
    return [
        _build_field(record_set, column.name, _name_data_type(column), file) for column in columns
    ]


def _name_data_type(column: Column) -> str | list[str]:
    if column.name == "label":
        return ["sc:Text", "cr:Label"]
    return _TYPES[column.kind]


def _build_field(record_set: str, name: str, kind: str | list[str], file: LinkedFile) -> Json:
    return {
        "@type": "cr:Field",
        "@id": f"{record_set}/{name}",
        "name": _build_text(name),
        "dataType": kind,
        "source": {"fileObject": {"@id": file.id}, "extract": {"column": name}},
    }
