"""The form by which people say what the splits of a dataset mean."""

from typing import Any

from django import forms

from datasets_catalog.split_policies import (
    FIELD_PREFIX,
    LONGEST_GAP,
    MOST_FOLDS,
    SplitPolicy,
    Trait,
    name_trait,
)
from datasets_catalog.verticals import Vertical, load_profile

# What people begin from, in words; the policies are in `split_policies.KNOWN`.
KNOWN_WORDS = {
    "events": "Detecting events",
    "speakers": "Recognising speakers",
    "places": "Places never heard before",
    "time": "Long recordings cut in time",
}


class SplitPolicyForm(forms.Form):
    """A policy of splits."""

    apart = forms.MultipleChoiceField(
        required=False,
        label="Kept apart",
        widget=forms.CheckboxSelectMultiple,
        help_text="No two splits may share one of these. Identical files are always kept apart.",
    )
    shared = forms.MultipleChoiceField(
        required=False,
        label="Shared with what is learnt from",
        widget=forms.CheckboxSelectMultiple,
        help_text="Each of these has to be in the split train, or in two folds.",
    )
    folds = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_FOLDS,
        help_text="How many there are, named fold1, fold2 and so on; 0 or empty for none.",
    )
    gap = forms.FloatField(
        required=False,
        min_value=0,
        max_value=LONGEST_GAP,
        label="Gap in seconds",
        help_text="With a gap, clips of one recording may be in several splits where this much of"
        " it lies between them. The column recording_offset says where each begins.",
    )
    order = forms.CharField(
        required=False,
        max_length=400,
        help_text="Splits in the time of each recording, joined by commas, such as train, test.",
    )

    reason = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.Textarea,
        help_text="Needed where this asks for less than before: a privacy reviewer decides by it.",
    )

    def __init__(self, *arguments: Any, vertical: Vertical, **options: Any) -> None:
        super().__init__(*arguments, **options)
        names = [
            *Trait,
            *(f"{FIELD_PREFIX}{name}" for name in load_profile(vertical)["properties"]),
        ]
        for name in ("apart", "shared"):
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = [(str(trait), name_trait(trait).capitalize()) for trait in names]

    def read_policy(self) -> dict[str, Any]:
        """Return what was typed as a policy is kept; the action says what of it cannot be."""
        values = self.cleaned_data
        return {
            "apart": values["apart"],
            "shared": values["shared"],
            "folds": values["folds"] or 0,
            "gap": values["gap"],
            "order": [name.strip() for name in values["order"].split(",") if name.strip()],
        }


def build_form_values(policy: SplitPolicy) -> dict[str, Any]:
    """Return a policy as the form shows it."""
    return {
        "apart": list(policy.apart),
        "shared": list(policy.shared),
        "folds": policy.folds,
        "gap": policy.gap,
        "order": ", ".join(policy.order),
    }
