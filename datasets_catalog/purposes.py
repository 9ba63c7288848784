"""What a contributor can be asked, purpose by purpose, and how it maps to DPV, DUO and ODRL."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    """A contributor's answer for one purpose; what was never asked counts as denied."""

    ALLOWED = "allowed"
    DENIED = "denied"
    NOT_ASKED = "not_asked"


class Purpose(StrEnum):
    """A use that consent speaks about."""

    RESEARCH_NONCOMMERCIAL = "research.noncommercial"
    RESEARCH_COMMERCIAL = "research.commercial"
    TRAIN_DISCRIMINATIVE = "train.discriminative"
    TRAIN_GENERATIVE = "train.generative"
    TRAIN_VOICE_SYNTHESIS = "train.voice_synthesis"
    IDENTIFY_SPEAKER = "identify.speaker"
    INFER_SENSITIVE = "infer.sensitive"
    PUBLISH_OPEN = "publish.open"
    PUBLISH_GATED = "publish.gated"
    SHARE_RAW_AUDIO = "share.raw_audio"
    SHARE_FEATURES_ONLY = "share.features_only"
    PREVIEW_PUBLIC_CLIP = "preview.public_clip"
    REDISTRIBUTE_LICENSEE = "redistribute.licensee"
    TRANSFER_OUTSIDE_EEA = "transfer.outside_eea"
    CONTACT_AGAIN = "contact.again"
    LINK_OTHER_DATASETS = "link.other_datasets"


class PurposeGroup(StrEnum):
    """What a purpose is about.

    `use`: what readers do with the data. `giving`: how it reaches them, which is what a door does.
    `contact`: what concerns the contributor alone and no reader.
    """

    USE = "use"
    GIVING = "giving"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class PurposeTerms:
    """A purpose in words, the group it belongs to, and its names in other vocabularies."""

    title: str
    group: PurposeGroup
    dpv: str | None = None
    duo: str | None = None
    odrl: str | None = None


DPV = "https://w3id.org/dpv#"

TERMS: dict[Purpose, PurposeTerms] = {
    Purpose.RESEARCH_NONCOMMERCIAL: PurposeTerms(
        "Non-commercial research",
        PurposeGroup.USE,
        f"{DPV}NonCommercialResearch",
        "DUO_0000046",
        "use",
    ),
    Purpose.RESEARCH_COMMERCIAL: PurposeTerms(
        "Commercial research",
        PurposeGroup.USE,
        f"{DPV}CommercialResearch",
        "DUO_0000042",
        "cc:CommercialUse",
    ),
    Purpose.TRAIN_DISCRIMINATIVE: PurposeTerms(
        "Training models that recognise or classify",
        PurposeGroup.USE,
        f"{DPV}ResearchAndDevelopment",
        None,
        "use",
    ),
    Purpose.TRAIN_GENERATIVE: PurposeTerms(
        "Training models that generate audio",
        PurposeGroup.USE,
        f"{DPV}ResearchAndDevelopment",
        None,
        "derive",
    ),
    Purpose.TRAIN_VOICE_SYNTHESIS: PurposeTerms(
        "Synthesising this voice", PurposeGroup.USE, odrl="derive"
    ),
    Purpose.IDENTIFY_SPEAKER: PurposeTerms(
        "Recognising the person by voice", PurposeGroup.USE, odrl="use"
    ),
    Purpose.INFER_SENSITIVE: PurposeTerms(
        "Inferring emotion, health or the like", PurposeGroup.USE, odrl="use"
    ),
    Purpose.PUBLISH_OPEN: PurposeTerms(
        "Publishing to everyone", PurposeGroup.GIVING, odrl="distribute"
    ),
    Purpose.PUBLISH_GATED: PurposeTerms(
        "Publishing to people who are let in", PurposeGroup.GIVING, odrl="distribute"
    ),
    Purpose.SHARE_RAW_AUDIO: PurposeTerms(
        "Sharing the audio itself", PurposeGroup.GIVING, odrl="reproduce"
    ),
    Purpose.SHARE_FEATURES_ONLY: PurposeTerms(
        "Sharing computed features only", PurposeGroup.GIVING, odrl="derive"
    ),
    Purpose.PREVIEW_PUBLIC_CLIP: PurposeTerms(
        "Letting everyone hear a preview", PurposeGroup.GIVING, odrl="present"
    ),
    Purpose.REDISTRIBUTE_LICENSEE: PurposeTerms(
        "Passing on by a licensee", PurposeGroup.GIVING, odrl="distribute"
    ),
    Purpose.TRANSFER_OUTSIDE_EEA: PurposeTerms(
        "Transfer outside the EEA", PurposeGroup.GIVING, odrl="transfer"
    ),
    Purpose.CONTACT_AGAIN: PurposeTerms(
        "Contacting the contributor again", PurposeGroup.CONTACT, odrl="inform"
    ),
    Purpose.LINK_OTHER_DATASETS: PurposeTerms(
        "Linking with other datasets", PurposeGroup.USE, odrl="aggregate"
    ),
}

# What somebody who allows the first has allowed with it, because the first contains it. A form that
# was written otherwise says so, and then its own table counts (`ConsentForm.implications`).
IMPLIED_PURPOSES: Mapping[Purpose, frozenset[Purpose]] = {
    # Commercial research is research: whoever lets a company study lets a university study.
    Purpose.RESEARCH_COMMERCIAL: frozenset({Purpose.RESEARCH_NONCOMMERCIAL}),
    # Those who are let in through a gate are among everyone.
    Purpose.PUBLISH_OPEN: frozenset({Purpose.PUBLISH_GATED}),
    # Whoever has the audio can compute every feature of it.
    Purpose.SHARE_RAW_AUDIO: frozenset({Purpose.SHARE_FEATURES_ONLY}),
}
# Not in the table, for neither contains the other: training that recognises and training that
# generates; publishing to everyone and a preview, which is audio; any use and any way of giving.


def include_implied(
    purposes: Iterable[Purpose], implied: Mapping[Purpose, frozenset[Purpose]] = IMPLIED_PURPOSES
) -> frozenset[Purpose]:
    """Return the purposes with everything that they contain, however many steps away."""
    found = set(purposes)
    waiting = list(found)
    while waiting:
        for purpose in implied.get(waiting.pop(), frozenset()) - found:
            found.add(purpose)
            waiting.append(purpose)
    return frozenset(found)


def is_use(purpose: Purpose) -> bool:
    """Whether the purpose is something readers do, not a way of publishing or of keeping touch."""
    return TERMS[purpose].group is PurposeGroup.USE
