"""The form for what the keepers of a dataset say of it."""

from typing import Any

from django import forms


class DescriptionForm(forms.Form):
    """The description sheet, one part in each field."""

    provenance = forms.CharField(
        required=False,
        widget=forms.Textarea,
        label="How it was made",
        help_text="Who recorded what, where, when and with what. Name nobody who can be heard.",
    )
    limitations = forms.CharField(
        required=False,
        widget=forms.Textarea,
        help_text="What it should not be used for, and where it is thin or one-sided.",
    )
    languages = forms.CharField(
        required=False,
        help_text="Languages that are spoken or written in it, as BCP 47 tags joined by commas:"
        " nl, sr-Latn, pt-BR.",
    )
    creators = forms.CharField(
        required=False,
        widget=forms.Textarea,
        help_text="Whom to cite, one on each line: name | ORCID | affiliation. The last two may be"
        " left out.",
    )
    funding = forms.CharField(
        required=False, widget=forms.Textarea, help_text="Who paid for it, with grant numbers."
    )

    def sheet(self) -> dict[str, Any]:
        """What was typed, as the rules read it."""
        said = self.cleaned_data
        lines = [line for line in said["creators"].splitlines() if line.strip()]
        return {
            "provenance": said["provenance"],
            "limitations": said["limitations"],
            "funding": said["funding"],
            "languages": [part for part in said["languages"].split(",") if part.strip()],
            "creators": [_parse_creator(line) for line in lines],
        }


def _parse_creator(line: str) -> dict[str, str]:
    parts = [part.strip() for part in line.split("|", 2)]
    return dict(zip(("name", "orcid", "affiliation"), parts, strict=False))
