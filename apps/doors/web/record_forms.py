"""What people type into the record of a review: stops and documents."""

from typing import Any

from django import forms

from apps.releases.models import Document, Release


class StopForm(forms.Form):
    """What to close at every door."""

    release = forms.ChoiceField(
        label="What to close",
        required=False,
        help_text="The whole dataset closes all its releases, and publishing new ones.",
    )
    clip = forms.CharField(
        required=False,
        max_length=1024,
        label="Only one clip",
        help_text="Its path in the draft. Every release that holds it closes, whatever is chosen"
        " above.",
    )
    reason = forms.CharField(
        widget=forms.Textarea,
        max_length=4000,
        help_text="For whoever confirms or lifts it. Members of the organisation can read it.",
    )

    def __init__(self, *arguments: Any, releases: list[Release], **options: Any) -> None:
        super().__init__(*arguments, **options)
        field = self.fields["release"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", "The whole dataset"),
            *((row.version, f"Release {row.version}") for row in releases),
        ]


class DocumentForm(forms.Form):
    """A paper that the dataset rests on."""

    kind = forms.ChoiceField(choices=Document.Kind.choices)
    title = forms.CharField(max_length=200, help_text="As it is cited, with its number.")
    file = forms.FileField(help_text="A PDF or a plain text, at most 20 MiB.")
    valid_until = forms.DateField(
        required=False,
        label="Valid until",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The last day on which it holds. A release after that day is refused.",
    )
