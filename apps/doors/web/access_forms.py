"""Forms about who may have a dataset: asking, accepting, answering, settings, seats."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from apps.access.grants import asks_country, list_cleared_uses
from apps.access.models import AccessTerms
from apps.datasets.models import Dataset
from datasets_catalog.countries import COUNTRIES
from datasets_catalog.door_purposes import is_grantable
from datasets_catalog.errors import EarmarkError
from datasets_catalog.purposes import TERMS, Purpose
from datasets_catalog.request_forms import Field, FieldType, parse_fields

PURPOSES = [
    (purpose.value, terms.title) for purpose, terms in TERMS.items() if is_grantable(purpose)
]
_OWN = "own_"


class AccessRequestForm(forms.Form):
    """What somebody wants a dataset for, with the dataset's own questions and terms."""

    purposes = forms.MultipleChoiceField(
        choices=PURPOSES,
        widget=forms.CheckboxSelectMultiple,
        help_text="The people who can be heard allowed some purposes and not others.",
    )
    message = forms.CharField(
        widget=forms.Textarea,
        max_length=4000,
        help_text="Who you are, and what you want to find out or build.",
    )

    def __init__(self, *arguments: Any, dataset: Dataset, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.dataset = dataset
        if asks_country(dataset):
            self.fields["country"] = _build_country_field()
        for question in parse_fields(dataset.request_fields):
            self.fields[f"{_OWN}{question.name}"] = _build_field(question)
        if dataset.terms_version:
            self.fields["accept"] = forms.BooleanField(
                label=f"I accept the terms, version {dataset.terms_version}"
            )

    def values(self) -> dict[str, Any]:
        """What `request_access` takes."""
        given = self.cleaned_data
        answers = {
            name.removeprefix(_OWN): _format_text(value)
            for name, value in given.items()
            if name.startswith(_OWN)
        }
        return {
            "purposes": given["purposes"],
            "country": given.get("country", ""),
            "message": given["message"],
            "answers": answers,
            "terms": self.dataset.terms_version,
        }

    def add_problem(self, problem: EarmarkError) -> None:
        """Show each wrong answer at its field, anything else above the form."""
        for each in problem.detail.get("problems", []):
            name = f"{_OWN}{each['field']}"
            self.add_error(name if name in self.fields else None, f"Expected {each['expected']}.")
        if not problem.detail.get("problems"):
            self.add_error(None, problem.message)


class AcceptForm(forms.Form):
    """Accept the terms that are shown."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    accept = forms.BooleanField(label="I have read the terms and accept them")


class EnterForm(AcceptForm):
    """Accept the terms, and be let in by it: for what, and where."""

    def __init__(self, *arguments: Any, dataset: Dataset, **options: Any) -> None:
        super().__init__(*arguments, **options)
        cleared = sorted(list_cleared_uses(dataset))
        self.fields["purposes"] = forms.MultipleChoiceField(
            choices=[(each, TERMS[Purpose(each)].title) for each in cleared],
            widget=forms.CheckboxSelectMultiple,
            label="I take it for",
            help_text="What the people who can be heard allowed.",
        )
        if asks_country(dataset):
            self.fields["country"] = _build_country_field()


class AnswerForm(forms.Form):
    """What a granter says to a request."""

    answer = forms.CharField(
        widget=forms.Textarea, max_length=4000, required=False, help_text="Needed when you refuse."
    )
    purposes = forms.MultipleChoiceField(
        choices=PURPOSES,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label="For these purposes",
    )
    days = forms.ChoiceField(
        label="For how long",
        required=False,
        choices=[(0, "as the dataset says"), (30, "30 days"), (90, "90 days"), (365, "a year")],
    )

    def read_grant(self) -> dict[str, Any]:
        """What `grant_request` takes."""
        days = int(self.cleaned_data["days"] or 0)
        return {
            "purposes": self.cleaned_data["purposes"],
            "answer": self.cleaned_data["answer"],
            "until": timezone.now() + timedelta(days=days) if days else None,
        }


class ChangeAnswerForm(forms.Form):
    """What somebody says who decides on a proposal."""

    answer = forms.CharField(
        widget=forms.Textarea, max_length=4000, required=False, help_text="Needed when you refuse."
    )


class AccessSettingsForm(forms.Form):
    """Who is let in, how, and from when."""

    access = forms.ChoiceField(
        choices=Dataset.Access.choices,
        help_text="Who may take its releases. Drafts are for members alone, whatever you choose.",
    )
    auto_grant = forms.BooleanField(
        required=False,
        label="Grant complete requests at once",
        help_text="When every purpose asked for is one the newest release is cleared for. Others"
        " wait for a person.",
    )
    grant_days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=36_500,
        label="Days of access",
        help_text="How long access lasts that nobody gave an end. Empty: without end.",
    )
    embargo_until = forms.DateTimeField(
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        label="Kept to members until",
        help_text="In UTC. Before it others see the page of a release, and nothing more.",
    )
    embargoes = forms.CharField(
        required=False,
        widget=forms.Textarea,
        label="Single versions",
        help_text="Versions that are kept longer, one on a line: 1.2.0 2027-01-31",
    )
    reason = forms.CharField(
        required=False,
        max_length=1000,
        label="Why more people, or fewer questions",
        help_text="Needed where this lets more people take what was released, or earlier, or drops"
        " a required question: then it is proposed, and another person decides.",
    )
    questions = forms.CharField(
        required=False,
        widget=forms.Textarea,
        label="Questions to the asker",
        help_text="One on a line: question; type; required; choices. Types are text, checkbox,"
        " select, date and country; choices belong to select, with commas between.",
    )

    @classmethod
    def of(cls, dataset: Dataset) -> dict[str, Any]:
        """What the form shows of a dataset."""
        names = ("access", "auto_grant", "grant_days", "embargo_until")
        return {
            **{name: getattr(dataset, name) for name in names},
            "embargoes": "\n".join(
                f"{version} {moment[:10]}" for version, moment in sorted(dataset.embargoes.items())
            ),
            "questions": "\n".join(map(_format_field_line, parse_fields(dataset.request_fields))),
        }

    def clean_questions(self) -> list[dict[str, Any]]:
        lines = [line for line in self.cleaned_data["questions"].splitlines() if line.strip()]
        entries = [_parse_entry(line, position) for position, line in enumerate(lines, 1)]
        try:
            return [field.as_json() for field in parse_fields(entries)]
        except EarmarkError as problem:
            raise forms.ValidationError(problem.message) from problem

    def clean_embargoes(self) -> dict[str, str]:
        found = {}
        for line in filter(None, map(str.strip, self.cleaned_data["embargoes"].splitlines())):
            version, _, day = line.partition(" ")
            if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day.strip()):
                raise forms.ValidationError(
                    f"{line!r}: write a version and a day: 1.2.0 2027-01-31"
                )
            found[version] = f"{day.strip()}T00:00:00+00:00"
        return found

    def changes(self) -> dict[str, Any]:
        """What `update_dataset` takes."""
        values = dict(self.cleaned_data)
        values["request_fields"] = values.pop("questions")
        values.pop("reason")
        return values


class TermsForm(forms.Form):
    """A new version of the terms."""

    text = forms.CharField(
        widget=forms.Textarea,
        max_length=200_000,
        help_text="What somebody who takes the dataset agrees to. Every version is kept.",
    )
    asks_again = forms.BooleanField(
        required=False,
        initial=True,
        label="Ask everybody again",
        help_text="Whoever accepted an earlier version is out until they accept this one.",
    )

    @classmethod
    def of(cls, terms: AccessTerms | None) -> dict[str, Any]:
        return {"text": terms.text, "asks_again": True} if terms else {"asks_again": True}


class SeatForm(forms.Form):
    """Who gets a seat."""

    username = forms.CharField(
        max_length=150, label="User name", help_text="A member of the organisation."
    )


def _build_country_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=[("", "Choose one"), *COUNTRIES.items()],
        label="Country",
        help_text="Where you take it. Some releases may go to some countries alone.",
    )


def _build_field(question: Field) -> forms.Field:
    shared: dict[str, Any] = {
        "label": question.label,
        "required": question.required,
        "help_text": question.help,
    }
    match question.type:
        case FieldType.CHECKBOX:
            return forms.BooleanField(**shared)
        case FieldType.SELECT:
            return forms.ChoiceField(
                choices=[("", "Choose one"), *((each, each) for each in question.options)], **shared
            )
        case FieldType.COUNTRY:
            return forms.ChoiceField(choices=[("", "Choose one"), *COUNTRIES.items()], **shared)
        case FieldType.DATE:
            return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **shared)
        case FieldType.TEXT:
            return forms.CharField(max_length=4000, **shared)


def _format_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _format_field_line(field: Field) -> str:
    parts = [field.label, field.type.value]
    if field.required or field.options:
        parts.append("required" if field.required else "optional")
    if field.options:
        parts.append(", ".join(field.options))
    return "; ".join(parts)


def _parse_entry(line: str, position: int) -> dict[str, Any]:
    label, kind, needed, choices = (*(part.strip() for part in line.split(";", 3)), "", "", "")[:4]
    words = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:30]
    return {
        "name": words if words[:1].isalpha() else f"question_{position}",
        "label": label,
        "type": kind or "text",
        "required": needed == "required",
        "options": [each.strip() for each in choices.split(",") if each.strip()],
    }
