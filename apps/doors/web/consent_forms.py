"""What people type about consent: forms and what they ask about, corrections, minors."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet

from apps.consent.entries import UNSAID_LANGUAGE, ConsentEntry
from apps.consent.models import Consent
from apps.datasets.models import Dataset
from datasets_catalog.purposes import TERMS, Answer, Purpose
from datasets_catalog.territories import parse_territories

SHA256 = forms.RegexField(
    r"^[0-9a-f]{64}$",
    required=False,
    label="Evidence",
    help_text="SHA-256 of the paper or recording that shows it, 64 digits.",
)


class ConsentFormForm(forms.Form):
    """A form of consent, before it is answered."""

    name = forms.CharField(max_length=100)
    version = forms.CharField(max_length=32)
    language = forms.RegexField(
        r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        max_length=16,
        initial=UNSAID_LANGUAGE,
        help_text="Such as de or pt-BR; und where nobody knows.",
    )
    study = forms.CharField(max_length=200, required=False, help_text="What it is a part of.")
    text = forms.CharField(
        widget=forms.Textarea,
        max_length=200_000,
        required=False,
        help_text="The words that people read. They never change once the form was answered.",
    )
    implications = forms.JSONField(
        required=False,
        label="What its purposes contain",
        help_text="Empty: as the platform says. {} where none contains another, or for instance"
        ' {"publish.open": ["publish.gated"]}.',
    )
    datasets = forms.ModelMultipleChoiceField(
        queryset=Dataset.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="What it asks about",
        help_text="Its answers count in these datasets alone.",
    )

    def __init__(self, *args: Any, datasets: QuerySet[Dataset], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["datasets"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = datasets


class ReachForm(forms.Form):
    """Something else that a form asks about."""

    dataset = forms.ModelChoiceField(queryset=Dataset.objects.none(), empty_label=None)
    recording = forms.CharField(
        max_length=200,
        required=False,
        help_text="One recording by its name. Empty: the whole dataset.",
    )
    reason = forms.CharField(
        max_length=2000, required=False, help_text="How you know. Needed once it was answered."
    )

    def __init__(self, *args: Any, datasets: QuerySet[Dataset], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["dataset"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = datasets


class ReasonForm(forms.Form):
    """Why something is said."""

    reason = forms.CharField(max_length=2000)


class MinorForm(forms.Form):
    """That somebody is, or was, under age, and up to which day."""

    of_age_on = forms.DateField(
        required=False, label="Of age on", help_text="Such as 2031-05-17. Empty: not known."
    )
    reason = forms.CharField(max_length=2000, help_text="How you know.")
    evidence_sha256 = SHA256


class MajorityForm(forms.Form):
    """That a minor is of age from today on."""

    reason = forms.CharField(max_length=2000, help_text="How you know.")
    evidence_sha256 = SHA256


class CorrectionForm(forms.Form):
    """What is right, as a whole, in the place of a record that is wrong."""

    form = forms.CharField(max_length=100)
    form_version = forms.CharField(max_length=32)
    given_at = forms.DateTimeField(help_text="In UTC.")
    valid_from = forms.DateTimeField(required=False)
    valid_until = forms.DateTimeField(required=False)
    territories = forms.CharField(
        required=False,
        help_text="Codes of countries, EU or EEA, joined by commas. None: everywhere.",
    )
    guardian = forms.CharField(max_length=100, required=False)
    evidence_sha256 = SHA256
    reason = forms.CharField(max_length=2000, help_text="What was wrong.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            ("", "not asked"),
            *((a.value, a.value) for a in (Answer.ALLOWED, Answer.DENIED)),
        ]
        for purpose in Purpose:
            self.fields[purpose.value] = forms.ChoiceField(
                choices=choices, required=False, label=TERMS[purpose].title
            )

    @staticmethod
    def build_initial(row: Consent) -> dict[str, Any]:
        """What stands on record, to be changed where it is wrong."""
        return {
            "form": row.form.name,
            "form_version": row.form.version,
            "given_at": row.given_at,
            "valid_from": row.valid_from,
            "valid_until": row.valid_until,
            "territories": ", ".join(row.territories),
            "guardian": row.guardian,
            "evidence_sha256": row.evidence_sha256,
            **{each.purpose: each.answer for each in row.answers.all()},
        }

    def entry(self, row: Consent) -> ConsentEntry:
        """The entry as typed. Raises TerritoryUnknownError."""
        said: Mapping[str, Any] = self.cleaned_data
        return ConsentEntry(
            contributor=row.contributor.code,
            form=said["form"],
            form_version=said["form_version"],
            language=row.form.language if said["form"] == row.form.name else "",
            given_at=said["given_at"],
            valid_from=said["valid_from"],
            valid_until=said["valid_until"],
            territories=parse_territories(said["territories"].split(",")),
            guardian=said["guardian"],
            evidence_sha256=said["evidence_sha256"],
            answers={p: Answer(said[p.value]) for p in Purpose if said[p.value]},
        )
