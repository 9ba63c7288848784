"""What people type about licences."""

from typing import Any

from django import forms

from datasets_catalog.licence_terms import AiTerms
from datasets_catalog.purposes import TERMS, PurposeGroup

AI_WORDS = {
    AiTerms.UNSTATED: "They do not say",
    AiTerms.ALLOWED: "They allow it",
    AiTerms.FORBIDDEN: "They forbid it",
}


class OwnTermsForm(forms.Form):
    """A text of the organisation's own, and what it allows."""

    licence = forms.CharField(
        max_length=100,
        label="Name",
        help_text="LicenseRef-… with its version, for good. Or the SPDX identifier of a licence"
        " that nobody judged here: that takes a rights reviewer.",
    )
    title = forms.CharField(max_length=200, required=False)
    text = forms.CharField(
        widget=forms.Textarea,
        max_length=200_000,
        required=False,
        help_text="Ships with every release that has such clips. A licence of SPDX's list brings"
        " its own.",
    )
    attribution = forms.BooleanField(required=False, initial=True, label="Authors have to be named")
    share_alike = forms.BooleanField(
        required=False, label="What is made of it stays under the same terms"
    )
    noncommercial = forms.BooleanField(required=False, initial=True, label="No commercial use")
    no_derivatives = forms.BooleanField(required=False, initial=True, label="No adaptations")
    redistribution = forms.BooleanField(
        required=False, label="It may be passed on", help_text="Without it no release can hold it."
    )
    ai_terms = forms.ChoiceField(
        choices=[(terms.value, AI_WORDS[terms]) for terms in AI_WORDS], label="Training models"
    )
    field_of_use = forms.MultipleChoiceField(
        choices=[
            (purpose.value, terms.title)
            for purpose, terms in TERMS.items()
            if terms.group is not PurposeGroup.CONTACT
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label="Only for",
        help_text="None: they do not limit it. Uses and ways of giving are limited apart.",
    )
    territories = forms.CharField(
        max_length=1000,
        required=False,
        label="Where they hold",
        help_text="Codes of countries such as DE, or EU or EEA, joined by commas. Empty:"
        " everywhere.",
    )
    expires_on = forms.DateField(
        required=False,
        label="Last day",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="A release after that day is refused. Empty: they do not end.",
    )

    def clean_territories(self) -> list[str]:
        return str(self.cleaned_data["territories"]).split(",")

    def read_terms(self) -> dict[str, Any]:
        """What `record_terms` takes."""
        return dict(self.cleaned_data)
