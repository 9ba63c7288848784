"""What a contributor can be asked, purpose by purpose, and how it maps to DPV, DUO and ODRL."""

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


@dataclass(frozen=True, slots=True)
class PurposeTerms:
    """A purpose in words and in the vocabularies other systems read."""

    title: str
    dpv: str | None = None
    duo: str | None = None
    odrl: str | None = None


DPV = "https://w3id.org/dpv#"

TERMS: dict[Purpose, PurposeTerms] = {
    Purpose.RESEARCH_NONCOMMERCIAL: PurposeTerms(
        "Non-commercial research", f"{DPV}NonCommercialResearch", "DUO_0000046", "use"
    ),
    Purpose.RESEARCH_COMMERCIAL: PurposeTerms(
        "Commercial research", f"{DPV}CommercialResearch", "DUO_0000042", "cc:CommercialUse"
    ),
    Purpose.TRAIN_DISCRIMINATIVE: PurposeTerms(
        "Training models that recognise or classify", f"{DPV}ResearchAndDevelopment", None, "use"
    ),
    Purpose.TRAIN_GENERATIVE: PurposeTerms(
        "Training models that generate audio", f"{DPV}ResearchAndDevelopment", None, "derive"
    ),
    Purpose.TRAIN_VOICE_SYNTHESIS: PurposeTerms("Synthesising this voice", odrl="derive"),
    Purpose.IDENTIFY_SPEAKER: PurposeTerms("Recognising the person by voice", odrl="use"),
    Purpose.INFER_SENSITIVE: PurposeTerms("Inferring emotion, health or the like", odrl="use"),
    Purpose.PUBLISH_OPEN: PurposeTerms("Publishing to everyone", odrl="distribute"),
    Purpose.PUBLISH_GATED: PurposeTerms("Publishing to people who are let in", odrl="distribute"),
    Purpose.SHARE_RAW_AUDIO: PurposeTerms("Sharing the audio itself", odrl="reproduce"),
    Purpose.SHARE_FEATURES_ONLY: PurposeTerms("Sharing computed features only", odrl="derive"),
    Purpose.PREVIEW_PUBLIC_CLIP: PurposeTerms("Letting everyone hear a preview", odrl="present"),
    Purpose.REDISTRIBUTE_LICENSEE: PurposeTerms("Passing on by a licensee", odrl="distribute"),
    Purpose.TRANSFER_OUTSIDE_EEA: PurposeTerms("Transfer outside the EEA", odrl="transfer"),
    Purpose.CONTACT_AGAIN: PurposeTerms("Contacting the contributor again", odrl="inform"),
    Purpose.LINK_OTHER_DATASETS: PurposeTerms("Linking with other datasets", odrl="aggregate"),
}
