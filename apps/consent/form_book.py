"""The forms that a table of consents names, and what is wrong with how it names them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from apps.accounts.models import Organisation, User
from apps.consent.entries import UNSAID_LANGUAGE, ConsentEntry, FormKey
from apps.consent.errors import FormUnboundError
from apps.consent.forms import (
    add_reach,
    list_current_reaches,
    list_organisation_forms,
    register_form,
)
from apps.consent.models import Consent, ConsentForm
from apps.datasets.models import Dataset


class FormBook:
    """The forms that entries name: those on record, those to be, and what each asks about."""

    def __init__(
        self,
        organisation: Organisation,
        entries: Sequence[ConsentEntry],
        datasets: Sequence[Dataset] = (),
    ) -> None:
        self._organisation = organisation
        names = {entry.form for entry in entries}
        self._known: Mapping[FormKey, ConsentForm] = {
            (row.name, row.version, row.language): row
            for row in list_organisation_forms(organisation).filter(name__in=names)
        }
        self._answered = set(
            Consent.objects.filter(form__in=self._known.values())
            .values_list("form_id", flat=True)
            .distinct()
        )
        own = Dataset.objects.filter(organisation=organisation).select_related("organisation")
        self._own = {row.full_name: row for row in own}
        self._said: dict[FormKey, set[str]] = defaultdict(set)
        self._study: dict[FormKey, str] = {}
        for entry in entries:
            key = self.find_key(entry)
            self._said[key] |= {dataset.full_name for dataset in datasets}
            self._said[key] |= {self._build_full_name(name) for name in entry.datasets}
            self._study[key] = self._study.get(key) or entry.study

    def find_key(self, entry: ConsentEntry) -> FormKey:
        """The form's name, version and language; a language left out is that of the only one."""
        if entry.language:
            return entry.form, entry.form_version, entry.language
        languages = self._list_languages(entry)
        only = languages[0] if len(languages) == 1 else UNSAID_LANGUAGE
        return entry.form, entry.form_version, only

    def find_problem(self, entry: ConsentEntry) -> tuple[str, str, str] | None:
        """Column, value and what was expected, where the form cannot be taken as it is named."""
        languages = self._list_languages(entry)
        if not entry.language and len(languages) > 1:
            return "language", "", f"the one that was answered: {', '.join(languages)}"
        key = self.find_key(entry)
        strange = sorted(self._said[key] - self._own.keys())
        if strange:
            return (
                "datasets",
                strange[0],
                f"datasets of {self._organisation}: {self._name_own()}",
            )
        return self._study_problem(key, entry) or self._reach_problem(key)

    def forms(self, actor: User) -> dict[FormKey, ConsentForm]:
        """Every form named, those that are new put on record. Raises FormUnboundError."""
        found = {}
        for key, said in self._said.items():
            name, version, language = key
            form = self._known.get(key)
            if form is None:
                form = register_form(
                    actor=actor,
                    organisation=self._organisation,
                    name=name,
                    version=version,
                    language=language,
                    study=self._study[key],
                    datasets=(),
                )
            if not list_current_reaches(form):
                for dataset in self._about(key, said):
                    add_reach(actor=actor, form=form, dataset=dataset)
            found[key] = form
        return found

    def _about(self, key: FormKey, said: set[str]) -> list[Dataset]:
        if not said and len(self._own) != 1:
            raise FormUnboundError(f"{key[0]} {key[1]}: {self._explain_unbound()}")
        return [self._own[name] for name in sorted(said or self._own)]

    def _list_languages(self, entry: ConsentEntry) -> list[str]:
        wanted = (entry.form, entry.form_version)
        return sorted(key[2] for key in self._known if key[:2] == wanted)

    def _study_problem(self, key: FormKey, entry: ConsentEntry) -> tuple[str, str, str] | None:
        known = self._known.get(key)
        study = self._study[key] if known is None else known.study
        if entry.study and entry.study != study:
            return "study", entry.study, f"{study or 'nothing'}, which the form says so far"
        return None

    def _reach_problem(self, key: FormKey) -> tuple[str, str, str] | None:
        form, said = self._known.get(key), self._said[key]
        about = {each.dataset.full_name for each in list_current_reaches(form)} if form else set()
        shown = ";".join(sorted(said))
        if about:
            more = sorted(said - about)
            expected = f"{', '.join(sorted(about))}, which {form} asks about. If it asks about more"
            return ("datasets", shown, f"{expected}, bind_form says so first") if more else None
        if form is not None and form.pk in self._answered:
            return (
                "datasets",
                shown,
                f"a form that asks about something: bind_form makes {form} do so",
            )
        return (
            ("datasets", "", self._explain_unbound()) if not said and len(self._own) != 1 else None
        )

    def _explain_unbound(self) -> str:
        return (
            "what a new form asks about: name datasets in this column, or for the whole table with"
            f" --dataset. {self._organisation} has {self._name_own() or 'none yet: make one first'}"
        )

    def _name_own(self) -> str:
        return ", ".join(sorted(self._own))

    def _build_full_name(self, name: str) -> str:
        return name if "/" in name else f"{self._organisation.name}/{name}"
