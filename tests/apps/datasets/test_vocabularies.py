"""Vocabularies: bringing one in, that a version stays, and labels as its terms."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.audit.models import AuditEvent
from apps.datasets.access import VocabularyUnknownError, fetch_vocabulary
from apps.datasets.actions import import_vocabulary, update_dataset
from apps.datasets.models import Dataset, Term, Vocabulary
from apps.datasets.vocabulary_graph import (
    TermIndex,
    expand_labels,
    find_terms_above,
    load_parents,
    relink_terms,
)
from datasets_catalog.errors import ConflictError, InvalidError
from datasets_catalog.vocabularies import VocabularyError
from tests.apps.datasets.rows import add_clip, add_event, add_weak_label, touched
from tests.cast import Cast, assemble
from tests.factories.reviews import hold_to_less
from tests.side_by_side import run_at_once

pytestmark = pytest.mark.django_db
# Bark is below Dog, and Dog below both Pet and Animal; two terms have the name Call.
WORDS = """code,name,description,parents,abstract,blacklisted
/a,Animal,,,true,
/p,Pet,,/a,,
/d,Dog,Of any size,/p;/a,,
/b,Bark,,/d,,yes
/c1,Call,,/a,,
/c2,Call,,/p,,
"""


def bring(cast: Cast, text: str = WORDS, version: str = "1", **about: str) -> Vocabulary:
    return import_vocabulary(actor=cast.ada, name="sounds", version=version, text=text, **about)


@pytest.fixture
def words(cast: Cast) -> Vocabulary:
    return bring(cast)


def test_terms_come_in_with_their_edges_and_restrictions(cast: Cast) -> None:
    row = bring(cast, title="Sounds", licence="CC-BY-4.0", source_url="https://example.org/s")
    assert (str(row), row.title, row.licence) == ("sounds 1", "Sounds", "CC-BY-4.0")
    terms = {term.code: term for term in row.terms.all()}
    assert len(terms) == 6
    assert (terms["/d"].name, terms["/d"].description) == ("Dog", "Of any size")
    assert {code for code, term in terms.items() if term.abstract} == {"/a"}
    assert {code for code, term in terms.items() if term.blacklisted} == {"/b"}
    assert load_parents(row) == {
        "/p": ("/a",),
        "/d": ("/p", "/a"),
        "/b": ("/d",),
        "/c1": ("/a",),
        "/c2": ("/p",),
    }
    event = AuditEvent.objects.get(kind="vocabulary.imported")
    assert (event.actor, event.subject) == ("ada", "sounds 1")
    assert event.detail == {"terms": 6, "sha256": row.sha256}
    assert bring(cast, "code,name\nx,X\n", "2").title == "sounds"


def test_the_same_text_again_is_the_same_version_and_another_is_none(
    cast: Cast, words: Vocabulary
) -> None:
    assert bring(cast) == words
    with pytest.raises(ConflictError, match="sounds 1 exists with other content"):
        bring(cast, WORDS.replace("Bark", "Woof"))
    newer = bring(cast, WORDS.replace("Bark", "Woof"), "2")
    assert [term.name for term in newer.terms.filter(code="/b")] == ["Woof"]
    assert [term.name for term in words.terms.filter(code="/b")] == ["Bark"]
    assert AuditEvent.objects.filter(kind="vocabulary.imported").count() == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name\nDog\n", "needs the columns code and name"),
        ("code,name\n/d,Dog\n/d,Hound\n", "The code /d stands twice"),
        ("code,name,parents\n/d,Dog,/x\n", "names a parent that is not there: /x"),
        ("code,name,parents\n/a,A,/b\n/b,B,/a\n", "The terms form a circle"),
        ("[1, 2]", "not the AudioSet ontology's JSON"),
    ],
)
def test_a_text_that_is_no_vocabulary_leaves_nothing(cast: Cast, text: str, message: str) -> None:
    with pytest.raises(VocabularyError, match=message):
        bring(cast, text)
    assert not Vocabulary.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_vocabularys_name_can_stand_in_an_address(cast: Cast) -> None:
    with pytest.raises(InvalidError, match="'My words' cannot be a vocabulary's name"):
        import_vocabulary(actor=cast.ada, name="My words", version="1", text=WORDS)


def test_a_vocabulary_is_found_by_name_and_version(words: Vocabulary) -> None:
    assert fetch_vocabulary("sounds", "1") == words
    for name, version in (("sounds", "2"), ("noises", "1"), ("Sounds", "1")):
        with pytest.raises(VocabularyUnknownError, match=f"no vocabulary {name} {version}"):
            fetch_vocabulary(name, version)


@pytest.mark.parametrize("column", ["name", "version", "sha256"])
def test_the_database_keeps_a_version_as_it_is(words: Vocabulary, column: str) -> None:
    with pytest.raises(DatabaseError, match="a version of a vocabulary never changes"):
        Vocabulary.objects.filter(pk=words.pk).update(**{column: "0"})


@pytest.mark.parametrize(
    "change", [{"code": "/z"}, {"name": "Hound"}, {"abstract": True}], ids=lambda c: next(iter(c))
)
def test_the_database_keeps_terms_as_they_are(words: Vocabulary, change: dict[str, object]) -> None:
    with pytest.raises(DatabaseError, match="a term of a vocabulary never changes"):
        words.terms.filter(code="/d").update(**change)


def test_the_database_keeps_one_term_of_a_code_and_one_version_of_a_number(
    words: Vocabulary,
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Term.objects.create(vocabulary=words, code="/d", name="Hound")
    with pytest.raises(IntegrityError), transaction.atomic():
        Vocabulary.objects.create(name="sounds", version="1", sha256="0" * 64)


def test_a_term_is_meant_by_its_code_or_by_a_name_that_it_has_alone(words: Vocabulary) -> None:
    index = TermIndex(words)
    assert [term.code for term in index.find_terms("/d")] == ["/d"]
    assert [term.code for term in index.find_terms("dOG")] == ["/d"]
    assert {term.code for term in index.find_terms("call")} == {"/c1", "/c2"}
    assert index.find_terms("Cat") == []
    meant = [index.only(*texts) for texts in (("/d",), ("Call",), ("Cat", "bark"), (None, ""))]
    assert [term.code if term else None for term in meant] == ["/d", None, "/b", None]
    assert TermIndex(None).find_terms("Dog") == []


def test_a_word_stands_for_all_below_it_over_whichever_parent(words: Vocabulary) -> None:
    found = expand_labels(words, ["Dog", "/p", "Animal", "Engine"])
    assert found["Dog"] == {"Dog", "/d", "Bark", "/b"}
    assert found["/p"] == {"/p", "Pet", "/d", "Dog", "/b", "Bark", "/c2", "Call"}
    assert found["Animal"] >= {"/a", "/p", "/d", "/b", "/c1", "/c2"}
    assert found["Engine"] == {"Engine"}
    assert expand_labels(None, ["Dog"]) == {"Dog": frozenset({"Dog"})}
    assert expand_labels(words, []) == {}


def test_terms_above_count_the_labels_below_them_once_each(words: Vocabulary) -> None:
    assert find_terms_above(words, ["Bark", "/d", "Engine", "Call"]) == {
        "Animal": 2,
        "Pet": 2,
        "Dog": 1,
    }
    assert find_terms_above(words, []) == {}


def test_labels_become_terms_and_touch_their_clips_alone(
    cast: Cast, tones: Dataset, words: Vocabulary
) -> None:
    spoken, silent, weak = (add_clip(tones, path) for path in ("a.wav", "b.wav", "c.wav"))
    event = add_event(spoken, "bark")
    unknown, both = add_event(silent, "Engine"), add_event(silent, "Call")
    label = add_weak_label(weak, "/d")
    row = update_dataset(actor=cast.ada, dataset=tones, changes={"vocabulary": words})
    for each in (event, unknown, both, label):
        each.refresh_from_db()
    assert (event.label, event.term and event.term.code) == ("Bark", "/b")
    assert (label.label, label.term and label.term.code) == ("Dog", "/d")
    # What the vocabulary does not have, or has twice, keeps its words.
    assert [(each.label, each.term) for each in (unknown, both)] == [
        ("Engine", None),
        ("Call", None),
    ]
    assert touched(row) == {"a.wav": row.draft_serial, "b.wav": 0, "c.wav": row.draft_serial}
    assert relink_terms(row) == set()


def test_another_vocabulary_is_met_by_code_and_none_takes_the_terms_away(
    cast: Cast, tones: Dataset, words: Vocabulary
) -> None:
    event = add_event(add_clip(tones), "Bark")
    lost = add_event(event.clip, "Pet", onset=0.1, offset=0.2)
    update_dataset(actor=cast.ada, dataset=tones, changes={"vocabulary": words})
    newer = bring(cast, "code,name\n/b,Woof\n/d,Bark\n", "2")
    hold_to_less(cast, tones, vocabulary=newer)
    event.refresh_from_db()
    lost.refresh_from_db()
    assert (event.label, event.term) == ("Woof", newer.terms.get(code="/b"))
    assert (lost.label, lost.term) == ("Pet", None)
    hold_to_less(cast, tones, vocabulary=None)
    event.refresh_from_db()
    assert (event.label, event.term) == ("Woof", None)


def test_two_words_of_one_annotator_for_one_term_both_stay(
    cast: Cast, tones: Dataset, words: Vocabulary
) -> None:
    clip = add_clip(tones)
    for label, annotator in (("Dog", "mia"), ("/d", "mia"), ("/d", "tom")):
        add_weak_label(clip, label, annotator=annotator)
    update_dataset(actor=cast.ada, dataset=tones, changes={"vocabulary": words})
    found = clip.weak_labels.order_by("annotator", "label")
    assert [(row.annotator, row.label, row.term and row.term.name) for row in found] == [
        ("mia", "/d", None),
        ("mia", "Dog", "Dog"),
        ("tom", "Dog", "Dog"),
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer")
def test_one_version_brought_in_twice_at_once_is_there_once() -> None:
    cast = assemble()
    problems = run_at_once(*[lambda: bring(cast)] * 3)
    assert problems == []
    assert Vocabulary.objects.get().terms.count() == 6
    assert AuditEvent.objects.filter(kind="vocabulary.imported").count() == 1
