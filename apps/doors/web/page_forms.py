"""What people type, and the words beside each field."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet

from apps.accounts.models import SLUG, Organisation, Token
from apps.datasets.models import Dataset, Vocabulary
from apps.ingest.clip_table import CLIP_TABLE
from apps.ingest.importers.registry import FORMATS
from apps.publishing.models import Target
from apps.releases.models import SignOff
from datasets_catalog.licences import Use
from datasets_catalog.privacy_profiles import PROFILES, Profile
from datasets_catalog.purposes import TERMS
from datasets_catalog.roles import Role
from datasets_catalog.verticals import Vertical, list_identifying_columns, load_quasi_identifiers

NAME_HELP = "Part of its address, for good. Lower-case letters, digits, dots, dashes, underscores."

PROFILE_WORDS: Mapping[str, str] = {
    Profile.STANDARD: "Standard",
    Profile.SENSITIVE: "Sensitive: second opinion for faint speech",
    Profile.SPEECH: "Speech is the content",
}


def _list_choices(values: Any) -> list[tuple[str, str]]:
    return [(value.value, value.value.capitalize()) for value in values]


class DatasetForm(forms.Form):
    """A new dataset."""

    organisation = forms.ModelChoiceField(
        queryset=Organisation.objects.none(),
        to_field_name="name",
        empty_label=None,
        help_text="Owns the dataset; its members work on it.",
    )
    name = forms.CharField(max_length=96, validators=[SLUG], help_text=NAME_HELP)
    title = forms.CharField(
        max_length=200, required=False, help_text="What it is called in lists and citations."
    )
    vertical = forms.ChoiceField(
        choices=_list_choices(Vertical),
        help_text="Brings the metadata fields that clips can have. It cannot be changed later.",
    )
    description = forms.CharField(
        required=False,
        widget=forms.Textarea,
        help_text="What was recorded, where and why. Name nobody who can be heard.",
    )

    def __init__(
        self, *arguments: Any, organisations: QuerySet[Organisation], **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        field = self.fields["organisation"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = organisations


class DatasetSettingsForm(forms.Form):
    """What of a dataset can be changed."""

    title = forms.CharField(max_length=200, required=False)
    description = forms.CharField(required=False, widget=forms.Textarea)
    access = forms.ChoiceField(
        choices=Dataset.Access.choices,
        help_text="Who may take its releases. Drafts are for members alone, whatever you choose.",
    )
    vocabulary = forms.ModelChoiceField(
        queryset=Vocabulary.objects.order_by("name", "version"),
        required=False,
        empty_label="None: labels are free words",
        help_text="Labels are checked against its terms.",
    )
    use = forms.ChoiceField(
        choices=_list_choices(Use),
        help_text="Collection: clips stand side by side as they came. Adaptation: they were mixed"
        " or edited into something new, which binds their licences more tightly.",
    )
    wanted_licence = forms.CharField(
        max_length=100,
        required=False,
        label="Wanted licence",
        help_text="The licence a release should have, as SPDX expression. Releases that cannot"
        " reach it name the clips in the way.",
    )
    privacy_profile = forms.ChoiceField(
        label="Privacy profile",
        choices=[(profile, PROFILE_WORDS[profile]) for profile in PROFILES],
        help_text="Which detectors must have heard every clip before a release.",
    )
    verified_share = forms.FloatField(
        label="Verified share",
        min_value=0,
        max_value=1,
        widget=forms.NumberInput(attrs={"step": "0.01"}),
        help_text="How much of the events a second person must have verified: 0 none, 1 all.",
    )
    evidence_required = forms.BooleanField(
        required=False,
        label="Consents need evidence",
        help_text="A consent without the hash of what shows it stops a release, instead of being"
        " shown on it.",
    )
    guardian_notice_days = forms.IntegerField(
        min_value=0,
        max_value=366,
        label="Days of notice at majority",
        help_text="For so long a guardian's answers still count after somebody came of age.",
    )
    quasi_identifiers = forms.MultipleChoiceField(
        required=False,
        label="Columns that together may single out a person",
        widget=forms.CheckboxSelectMultiple,
        help_text="Counted together with those of the vertical.",
    )
    fewest_alike = forms.IntegerField(
        min_value=2,
        max_value=1000,
        label="People who have to share them",
        help_text="Whoever shares what these columns say with fewer is a finding.",
    )
    reason = forms.CharField(
        required=False,
        max_length=1000,
        label="Why less",
        help_text="Needed where this lowers what the dataset was held to (privacy profile, verified"
        " share, columns, people, notice, vocabulary): then it is proposed, and a privacy reviewer"
        " decides; on its use and wanted licence a rights reviewer.",
    )

    @classmethod
    def of(cls, dataset: Dataset) -> dict[str, Any]:
        """What the form shows of a dataset."""
        return {name: getattr(dataset, name) for name in cls.base_fields if name != "reason"}

    def changes(self) -> dict[str, Any]:
        """What `update_dataset` takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "reason"}

    def __init__(self, *arguments: Any, vertical: Vertical, **options: Any) -> None:
        super().__init__(*arguments, **options)
        field = self.fields["quasi_identifiers"]
        assert isinstance(field, forms.MultipleChoiceField)
        taken = load_quasi_identifiers().get(vertical, ())
        names = [name for name in list_identifying_columns(vertical) if name not in taken]
        field.choices = [(name, name.replace("_", " ").capitalize()) for name in names]
        if taken:
            field.help_text = f"Beside {', '.join(taken)}, which the vertical counts already."


class LoweringAnswerForm(forms.Form):
    """What a reviewer says of a request to lower a bar."""

    answer = forms.CharField(
        max_length=1000, label="Why", help_text="The audit log keeps it with your name."
    )


class OrganisationForm(forms.Form):
    """A new organisation."""

    name = forms.CharField(max_length=96, validators=[SLUG], help_text=NAME_HELP)
    title = forms.CharField(max_length=200, required=False, help_text="Its full name.")
    kind = forms.ChoiceField(
        choices=Organisation.Kind.choices,
        help_text="A consortium owns datasets; a company takes them under agreements.",
    )


class MemberForm(forms.Form):
    """A role for a person."""

    username = forms.CharField(
        max_length=150, label="User name", help_text="The name the person signs in with."
    )
    role = forms.ChoiceField(
        choices=[(role.value, role.value.replace("_", " ").capitalize()) for role in Role],
        help_text="A person can hold several. Who uploads or labels cannot clear findings, and"
        " who freezes a release cannot sign for it.",
    )


class TokenForm(forms.Form):
    """A new token."""

    name = forms.CharField(
        max_length=100, help_text="So that you know later what it is for, such as “lab server”."
    )
    scope = forms.ChoiceField(choices=Token.Scope.choices, help_text="As little as will do.")
    datasets = forms.MultipleChoiceField(
        required=False,
        label="Only these datasets",
        widget=forms.CheckboxSelectMultiple,
        help_text="With none ticked it reaches every dataset that you do.",
    )
    days = forms.TypedChoiceField(
        label="Ends",
        coerce=int,
        choices=[(30, "in 30 days"), (90, "in 90 days"), (365, "in a year"), (0, "never")],
        initial=90,
    )

    def __init__(self, *arguments: Any, names: Sequence[str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        field = self.fields["datasets"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(name, name) for name in names]
        if not names:
            del self.fields["datasets"]


class ReleaseForm(forms.Form):
    """A release to be."""

    version = forms.CharField(
        max_length=32,
        help_text="Three numbers. Raise the first when something readers rely on goes away or"
        " changes, the second when something is added.",
    )
    purposes = forms.MultipleChoiceField(
        choices=[(purpose.value, terms.title) for purpose, terms in TERMS.items()],
        widget=forms.CheckboxSelectMultiple,
        help_text="What the release may be used for. Everybody who can be heard must have allowed"
        " each of them.",
    )
    territories = forms.CharField(
        max_length=1000,
        required=False,
        label="Where it may go",
        help_text="Codes of countries such as DE, or EU or EEA, joined by commas. Empty:"
        " everywhere, which takes consents for everywhere.",
    )
    notes = forms.CharField(
        widget=forms.Textarea, required=False, help_text="What changed, in the readers' words."
    )

    def clean_territories(self) -> list[str]:
        return str(self.cleaned_data["territories"]).split(",")


class SignOffForm(forms.Form):
    """A reviewer answers for one part of a root."""

    part = forms.CharField(widget=forms.HiddenInput)
    note = forms.CharField(
        widget=forms.Textarea,
        required=False,
        help_text="What you looked at. It stays on the release's page.",
    )

    @property
    def title(self) -> str:
        return SignOff.Part(self.initial["part"]).label


class ClipImportForm(forms.Form):
    """An archive of clips with its metadata table."""

    archive = forms.FileField(
        help_text="A .zip or .tar with the clips under the names they should have. For more than a"
        " few gigabytes use the upload protocol or the command line.",
    )
    metadata = forms.FileField(
        required=False,
        label="Metadata table",
        help_text=f"CSV, JSON lines or Parquet, a row for each clip: {', '.join(CLIP_TABLE)}, and"
        " the fields of the vertical.",
    )
    dry_run = forms.BooleanField(
        required=False,
        initial=True,
        label="Only show what would happen",
        help_text="Everything is decoded and checked, nothing is changed.",
    )


class LabelImportForm(forms.Form):
    """A file of labels."""

    table = forms.FileField(
        label="Label file",
        help_text="One file in one of the formats below. An Audacity track is named like its clip.",
    )
    format = forms.ChoiceField(choices=[(entry.name, entry.title) for entry in FORMATS.values()])
    replace = forms.BooleanField(
        required=False,
        label="Replace the labels of the clips it names",
        help_text="What the file does not have of these clips is taken out, unless a line is"
        " wrong. Otherwise its labels are added to those that are there.",
    )


class ConsentImportForm(forms.Form):
    """A table of consents."""

    table = forms.FileField(
        help_text="CSV, JSON lines or Parquet: contributor, form, form_version, given_at, and if"
        " wanted language, study, datasets, valid_from, valid_until, territories, evidence_sha256,"
        " guardian, minor, of_age_on; and a column for each purpose with allowed, denied or"
        " nothing. Nothing means not asked, which counts as denied.",
    )
    datasets = forms.ModelMultipleChoiceField(
        queryset=Dataset.objects.none(),
        required=False,
        to_field_name="name",
        widget=forms.CheckboxSelectMultiple,
        label="What new forms ask about",
        help_text="Answers count in these datasets alone. A form that is on record keeps what it"
        " asks about.",
    )
    dry_run = forms.BooleanField(
        required=False,
        initial=True,
        label="Only show what would happen",
        help_text="The ledger only grows: what is recorded is never changed.",
    )

    def __init__(self, *args: Any, datasets: QuerySet[Dataset], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["datasets"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = datasets


class TargetForm(forms.Form):
    """Where releases are sent, and the token to write there."""

    name = forms.CharField(max_length=96, validators=[SLUG], help_text="How it is called here.")
    endpoint = forms.URLField(
        assume_scheme="https",
        initial="https://huggingface.co",
        help_text="The address of the hub. The token travels there, so it begins with https.",
    )
    repository = forms.CharField(
        max_length=200,
        help_text="namespace/name on the hub. {organisation} and {dataset} in the name stand for"
        " the dataset's own, so that one target serves many datasets.",
    )
    gate = forms.ChoiceField(
        label="Access on the hub",
        choices=Target.Gate.choices,
        initial=Target.Gate.MANUAL,
        help_text="A dataset that is given on request here is not sent to an open repository.",
    )
    private = forms.BooleanField(
        required=False, label="Private", help_text="Seen by members of the namespace alone."
    )
    token = forms.CharField(
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="A token of the hub that may write to the repository. It is kept encrypted and"
        " never shown. Leave it empty to keep the one on record.",
    )
