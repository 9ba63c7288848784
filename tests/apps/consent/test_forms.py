"""A form asks about datasets or recordings, and its answers count there alone."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from apps.accounts.models import Membership, Organisation, User
from apps.consent.errors import ConsentsRefusedError, FormTakenError, OwnFormError
from apps.consent.forms import (
    bind_form,
    list_current_reaches,
    list_organisation_forms,
    register_form,
    release_form,
)
from apps.consent.models import ConsentForm, FormReach
from apps.datasets.models import Dataset
from datasets_catalog.errors import DeniedError, InvalidError, NotFoundError
from datasets_catalog.implications import ImplicationsInvalidError
from datasets_catalog.ledger import Refusal
from datasets_catalog.roles import Role
from tests.apps.consent.answers import (
    COMMERCIAL,
    GATED,
    OPEN,
    RESEARCH,
    answers,
    day,
    put_in_clip,
    record,
    refusal,
    scope,
)
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def form_of(cast: Cast, name: str = "voices") -> ConsentForm:
    return list_organisation_forms(cast.acme).get(name=name)


def test_the_yes_of_one_study_does_not_open_the_recordings_of_another(
    cast: Cast, tones: Dataset, streets: Dataset
) -> None:
    record(cast, answers(form="study A", denied=[COMMERCIAL]), datasets=[tones])
    record(cast, answers(form="study B", allowed=[COMMERCIAL], given_at=day(9)), datasets=[streets])
    assert refusal(tones, COMMERCIAL) is Refusal.DENIED
    assert refusal(streets, COMMERCIAL) is None


def test_the_no_of_one_study_does_not_close_the_recordings_of_another(
    cast: Cast, tones: Dataset, streets: Dataset
) -> None:
    record(cast, answers(form="study A", allowed=[RESEARCH]), datasets=[tones])
    record(cast, answers(form="study B", denied=[RESEARCH], given_at=day(9)), datasets=[streets])
    assert refusal(tones, RESEARCH) is None
    assert refusal(streets, RESEARCH) is Refusal.DENIED


def test_who_was_asked_elsewhere_alone_allows_nothing_here(
    cast: Cast, tones: Dataset, streets: Dataset
) -> None:
    record(cast, answers(allowed=[RESEARCH]), datasets=[tones])
    assert refusal(streets, RESEARCH) is Refusal.ASKED_ELSEWHERE
    assert scope(streets) == frozenset()


def test_a_form_can_ask_about_single_recordings(cast: Cast, tones: Dataset) -> None:
    form = register_form(
        actor=cast.ada, organisation=cast.acme, name="voices", version="1", datasets=[]
    )
    bind_form(actor=cast.ada, form=form, dataset=tones, recording="monday")
    record(cast, answers(allowed=[RESEARCH]))
    assert RESEARCH in scope(tones, recording="monday")
    assert scope(tones, recording="tuesday") == frozenset()
    assert scope(tones) == frozenset()


def test_a_new_form_is_about_the_only_dataset_there_is(cast: Cast, tones: Dataset) -> None:
    assert record(cast, answers(allowed=[RESEARCH])).forms == ("voices 1",)
    assert [str(each) for each in list_current_reaches(form_of(cast))] == ["acme/tones"]


def test_of_several_datasets_somebody_has_to_say_which(
    cast: Cast, tones: Dataset, streets: Dataset
) -> None:
    with pytest.raises(ConsentsRefusedError, match="acme/streets, acme/tones"):
        record(cast, answers(allowed=[RESEARCH]))
    assert not ConsentForm.objects.exists()
    record(cast, answers(allowed=[RESEARCH], datasets=("streets",)))
    assert refusal(streets, RESEARCH) is None
    assert refusal(tones, RESEARCH) is Refusal.ASKED_ELSEWHERE


def test_a_dataset_that_is_not_there_is_named(cast: Cast, tones: Dataset) -> None:
    with pytest.raises(ConsentsRefusedError, match="datasets acme/tonnes: expected"):
        record(cast, answers(allowed=[RESEARCH], datasets=("tonnes",)))


def test_a_table_does_not_widen_a_form(cast: Cast, tones: Dataset, streets: Dataset) -> None:
    record(cast, answers(allowed=[RESEARCH]), datasets=[tones])
    with pytest.raises(ConsentsRefusedError, match="bind_form says so first"):
        record(cast, answers("mia", allowed=[RESEARCH]), datasets=[streets])
    assert refusal(streets, RESEARCH) is Refusal.ASKED_ELSEWHERE


def test_an_answered_form_is_widened_by_a_reviewer_who_recorded_none_of_it(
    cast: Cast, tones: Dataset, streets: Dataset
) -> None:
    put_in_clip(streets)
    record(cast, answers(allowed=[RESEARCH]), datasets=[tones])
    form = form_of(cast)
    with pytest.raises(DeniedError, match="a privacy or rights reviewer"):
        bind_form(actor=cast.ada, form=form, dataset=streets, reason="they were asked")
    Membership.objects.create(user=cast.ada, organisation=cast.acme, role=Role.RIGHTS_REVIEWER)
    with pytest.raises(OwnFormError):
        bind_form(actor=cast.ada, form=form, dataset=streets, reason="they were asked")
    with pytest.raises(InvalidError, match="how you know"):
        bind_form(actor=cast.cleo, form=form, dataset=streets)
    serial = streets.draft_serial
    bind_form(actor=cast.cleo, form=form, dataset=streets, reason="page 2 names both")
    assert refusal(streets, RESEARCH) is None
    streets.refresh_from_db()
    assert streets.draft_serial > serial


def test_what_a_form_does_not_ask_about_after_all_ends_counting_at_once(
    cast: Cast, tones: Dataset
) -> None:
    record(cast, answers(allowed=[RESEARCH]))
    reach = FormReach.objects.get()
    with pytest.raises(InvalidError, match="Say why"):
        release_form(actor=cast.ada, reach=reach, reason=" ")
    release_form(actor=cast.ada, reach=reach, reason="another paper was signed")
    assert refusal(tones, RESEARCH) is Refusal.ASKED_ELSEWHERE
    with pytest.raises(ConsentsRefusedError, match="bind_form"):
        record(cast, answers("mia", allowed=[RESEARCH]))


@pytest.mark.parametrize("roles", [(Role.STEWARD,), (Role.STEWARD, Role.RIGHTS_REVIEWER)])
def test_an_answered_form_is_not_widened_by_registering_it_again(
    cast: Cast, tones: Dataset, streets: Dataset, roles: tuple[Role, ...]
) -> None:
    put_in_clip(streets)
    record(cast, answers(allowed=[RESEARCH]), datasets=[tones])
    for role in roles:
        Membership.objects.create(user=cast.eve, organisation=cast.acme, role=role)
    for actor in (cast.ada, cast.eve):
        with pytest.raises((DeniedError, InvalidError), match="was answered"):
            register_form(
                actor=actor,
                organisation=cast.acme,
                name="voices",
                version="1",
                datasets=[tones, streets],
            )
    assert refusal(streets, RESEARCH) is Refusal.ASKED_ELSEWHERE


def test_a_no_is_not_taken_back_by_who_recorded_it(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(allowed=[RESEARCH]))
    record(cast, answers(denied=[RESEARCH], form="later", given_at=day(5)))
    reach = FormReach.objects.get(form__name="later")
    with pytest.raises(DeniedError, match="does not ask about this"):
        release_form(actor=cast.ada, reach=reach, reason="another paper was signed")
    Membership.objects.create(user=cast.ada, organisation=cast.acme, role=Role.RIGHTS_REVIEWER)
    with pytest.raises(OwnFormError):
        release_form(actor=cast.ada, reach=reach, reason="another paper was signed")
    assert refusal(tones, RESEARCH) is Refusal.DENIED
    release_form(actor=cast.cleo, reach=reach, reason="page 2 is about another study")
    assert refusal(tones, RESEARCH) is None


def test_an_answer_that_limits_an_older_one_is_not_taken_back_by_who_recorded_it(
    cast: Cast, tones: Dataset
) -> None:
    record(cast, answers(allowed=[RESEARCH]))
    ended = answers(allowed=[RESEARCH], form="later", given_at=day(5), valid_until=day(9))
    record(cast, ended)
    with pytest.raises(DeniedError, match="does not ask about this"):
        release_form(
            actor=cast.ada, reach=FormReach.objects.get(form__name="later"), reason="another paper"
        )
    assert refusal(tones, RESEARCH) is Refusal.EXPIRED


def test_a_form_stays_at_home(cast: Cast, tones: Dataset) -> None:
    other = Organisation.objects.create(name="other")
    form = ConsentForm.objects.create(organisation=other, name="f", version="1")
    with pytest.raises(NotFoundError):
        bind_form(actor=_steward_of(cast, other), form=form, dataset=tones)
    with pytest.raises(DatabaseError, match="its own organisation"), transaction.atomic():
        FormReach.objects.create(form=form, dataset=tones, added_by=cast.cleo)


def _steward_of(cast: Cast, organisation: Organisation) -> User:
    Membership.objects.create(user=cast.eve, organisation=organisation, role=Role.STEWARD)
    return cast.eve


def test_a_form_with_a_table_of_its_own_says_what_contains_what(cast: Cast, tones: Dataset) -> None:
    for name, table in (("apart", {}), ("own", {"publish.open": ["research.noncommercial"]})):
        register_form(
            actor=cast.ada,
            organisation=cast.acme,
            name=name,
            version="1",
            datasets=[tones],
            implications=table,
        )
    record(cast, answers(form="apart", allowed=[OPEN]), answers("mia", form="own", allowed=[OPEN]))
    assert scope(tones) == {OPEN}
    assert scope(tones, "mia") == {OPEN, RESEARCH}
    with pytest.raises(ImplicationsInvalidError, match=r"'publish\.all' is no purpose"):
        register_form(
            actor=cast.ada,
            organisation=cast.acme,
            name="wrong",
            version="1",
            datasets=[],
            implications={"publish.all": []},
        )


def test_the_words_of_a_form_stay_as_they_were_answered(cast: Cast, tones: Dataset) -> None:
    def register(**about: Any) -> ConsentForm:
        return register_form(
            actor=cast.ada,
            organisation=cast.acme,
            name="voices",
            version="1",
            datasets=[tones],
            **about,
        )

    record(cast, answers(allowed=[RESEARCH]))
    filled = register(text="May your voice be studied?")
    assert len(filled.text_sha256) == 64
    assert register(text="May your voice be studied?").pk == filled.pk
    with pytest.raises(FormTakenError):
        register(text="May your voice be sold?")
    with pytest.raises(FormTakenError):
        register(implications={})
    changes: list[dict[str, Any]] = [{"text": "sold?"}, {"implications": {}}, {"name": "other"}]
    for change in changes:
        with pytest.raises(DatabaseError, match="as it was answered"), transaction.atomic():
            ConsentForm.objects.filter(pk=filled.pk).update(**change)


def test_one_form_in_two_languages_is_two_forms(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(allowed=[RESEARCH], language="de"))
    record(cast, answers("mia", allowed=[RESEARCH]))
    assert ConsentForm.objects.get().language == "de"
    record(cast, answers("eve", allowed=[RESEARCH], language="fr"))
    with pytest.raises(ConsentsRefusedError, match="de, fr"):
        record(cast, answers("leo", allowed=[RESEARCH]))


def test_the_database_holds_the_reach_of_a_form(
    cast: Cast, tones: Dataset, streets: Dataset
) -> None:
    record(cast, answers(allowed=[RESEARCH]), datasets=[tones])
    row, form = FormReach.objects.get(), form_of(cast)
    for change in ({"dataset": streets}, {"recording": "x"}):
        with pytest.raises(DatabaseError, match="only ended"), transaction.atomic():
            FormReach.objects.filter(pk=row.pk).update(**change)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        FormReach.objects.filter(pk=row.pk).delete()
    for actor in (cast.ada, None):
        with pytest.raises(DatabaseError, match="does not widen"), transaction.atomic():
            FormReach.objects.create(form=form, dataset=streets, added_by=actor)


def test_the_database_lets_nobody_end_what_holds_a_no_they_recorded(
    cast: Cast, tones: Dataset
) -> None:
    record(cast, answers(allowed=[RESEARCH]), answers("mia", allowed=[RESEARCH], form="alone"))
    record(cast, answers(denied=[RESEARCH], form="later", given_at=day(5)))
    for name in ("later", "voices"):
        with pytest.raises(DatabaseError, match="takes back a no"), transaction.atomic():
            end(cast.ada, name)
    end(cast.ada, "alone")
    end(cast.cleo, "later")


def end(actor: User, form: str) -> None:
    """Past every action, as somebody at the database would."""
    FormReach.objects.filter(form__name=form).update(
        ended_at=day(6), ended_by=actor, end_reason="not asked"
    )


def test_an_answer_about_nothing_named_covers_gated_use_nowhere(cast: Cast, tones: Dataset) -> None:
    form = ConsentForm.objects.create(organisation=cast.acme, name="bare", version="1")
    assert list_current_reaches(form) == []
    with pytest.raises(ConsentsRefusedError):
        record(cast, answers(form="bare", allowed=[GATED], datasets=("nowhere",)))
