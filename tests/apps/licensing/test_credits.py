"""Credits that ship with a release, and who writes terms down."""

import csv
import io
from dataclasses import dataclass

import pytest
from django.db import IntegrityError, connection, transaction

from apps.licensing.actions import TermsChangedError, record_terms
from apps.licensing.licences import (
    ATTRIBUTION_COLUMNS,
    build_licence_files,
    load_licences,
    load_own_terms,
    render_attribution_csv,
)
from apps.licensing.models import Terms
from datasets_catalog.errors import DeniedError
from datasets_catalog.roles import Permission, Role
from tests.apps.accounts.people import (
    coming_with_token,
    other_organisation,
    person_with,
    roles_with,
)
from tests.cast import Cast, assemble
from tests.side_by_side import run_at_once

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, slots=True)
class Clip:
    path: str
    licence: str
    title: str | None = None
    author: str | None = None
    source_url: str | None = None
    changes: str = ""


def rows_of(cast: Cast, *clips: Clip) -> list[dict[str, str]]:
    text = render_attribution_csv(clips, load_licences(cast.acme)).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_who_asks_to_be_named_is_named_with_all_there_is(cast: Cast) -> None:
    rows = rows_of(
        cast,
        Clip("a.wav", "CC-BY-4.0", 'Dawn, "loud"', "Ada\nBen", "https://example.org", "muted"),
        Clip("b.wav", "CC0-1.0", "Dusk", "Ada"),
        Clip("c.wav", "CC-BY-4.0"),
    )
    assert list(rows[0]) == list(ATTRIBUTION_COLUMNS)
    assert [row["path"] for row in rows] == ["a.wav", "c.wav"]
    assert (rows[0]["title"], rows[0]["author"]) == ('Dawn, "loud"', "Ada\nBen")
    assert (rows[0]["source"], rows[0]["changes"]) == ("https://example.org", "muted")
    assert "creativecommons.org/licenses/by/4.0" in rows[0]["licence_url"]
    assert {rows[1][name] for name in ("title", "author", "source", "changes")} == {""}


def test_nobody_who_asks_for_nothing_is_named(cast: Cast) -> None:
    assert rows_of(cast, Clip("b.wav", "CC0-1.0")) == []
    assert (
        render_attribution_csv([], load_licences(cast.acme))
        == b"%b\n" % ",".join(ATTRIBUTION_COLUMNS).encode()
    )


def write_down(cast: Cast, **more: object) -> Terms:
    values = {"actor": cast.ada, "licence": "LicenseRef-Ours-1", "title": "Ours", "text": "Ask."}
    return record_terms(organisation=cast.acme, **{**values, **more})  # type: ignore[arg-type]


def test_own_terms_are_credited_where_they_ask_for_it(cast: Cast) -> None:
    write_down(cast, attribution=True)
    write_down(cast, licence="LicenseRef-Free-1", attribution=False)
    rows = rows_of(cast, Clip("a.wav", "LicenseRef-Ours-1"), Clip("b.wav", "LicenseRef-Free-1"))
    assert [(row["path"], row["licence_url"]) for row in rows] == [("a.wav", "")]


@pytest.mark.parametrize("role", Role)
def test_stewards_write_own_terms_and_rights_reviewers_judge_those_of_others(
    cast: Cast, role: Role
) -> None:
    somebody = person_with(cast.acme, role)
    for licence, text, permission in (
        ("LicenseRef-Ours-1", "Ask.", Permission.DATASET_EDIT),
        ("Beerware", "", Permission.RIGHTS_REVIEW),
    ):
        if role in roles_with(permission):
            assert write_down(cast, actor=somebody, licence=licence, text=text).licence == licence
        else:
            with pytest.raises(DeniedError, match=str(permission)):
                write_down(cast, actor=somebody, licence=licence, text=text)


def test_a_token_for_elsewhere_writes_nothing_down(cast: Cast) -> None:
    with pytest.raises(DeniedError):
        write_down(cast, actor=coming_with_token(cast.ada, "umbrella/tones"))
    assert not Terms.objects.exists()


def test_one_name_means_in_each_organisation_what_it_said_itself(cast: Cast) -> None:
    umbrella = other_organisation(cast.ada)
    write_down(cast, redistribution=True)
    assert load_own_terms(umbrella) == ()
    record_terms(
        actor=cast.ada, organisation=umbrella, licence="LicenseRef-Ours-1", title="T", text="No."
    )
    assert load_licences(cast.acme).terms("LicenseRef-Ours-1").redistribution
    assert not load_licences(umbrella).terms("LicenseRef-Ours-1").redistribution
    files = build_licence_files(["LicenseRef-Ours-1"], umbrella, load_licences(umbrella))
    assert [(file.id, file.title, file.text) for file in files] == [
        ("LicenseRef-Ours-1", "T", "No.")
    ]


def test_the_database_holds_each_name_once(cast: Cast) -> None:
    write_down(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        Terms.objects.create(
            organisation=cast.acme, licence="LicenseRef-Ours-1", title="x", text="x", sha256="x"
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Terms.objects.create(
            organisation=cast.acme, licence="LicenseRef-X", title="x", text="x", ai_terms="perhaps"
        )


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer")
def test_of_two_who_say_otherwise_under_one_name_at_once_one_is_refused() -> None:
    cast = assemble()
    problems = run_at_once(
        lambda: write_down(cast, redistribution=True),
        lambda: write_down(cast, redistribution=False),
    )
    assert [type(problem) for problem in problems] == [TermsChangedError]
    assert Terms.objects.count() == 1
