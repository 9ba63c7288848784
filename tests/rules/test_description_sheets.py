"""What keepers say of a dataset: read narrowly, refused with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_catalog.description_sheets import (
    Creator,
    SheetInvalidError,
    parse_language,
    parse_orcid,
    parse_sheet,
)


@pytest.mark.parametrize(
    ("typed", "tag"),
    [
        ("NL", "nl"),
        ("sr-latn", "sr-Latn"),
        ("pt-br", "pt-BR"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("de-1996", "de-1996"),
        ("sl-rozaj-biske", "sl-rozaj-biske"),
        ("en-x-Lab", "en-x-lab"),
    ],
)
def test_a_language_is_written_in_one_way(typed: str, tag: str) -> None:
    assert parse_language(typed) == tag


@pytest.mark.parametrize("typed", ["", "dutch language", "n", "nl_NL", "nl-", "nl-q", 3, None])
def test_what_is_no_tag_is_refused(typed: object) -> None:
    with pytest.raises(SheetInvalidError, match="BCP 47"):
        parse_language(typed)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_tags(text: str) -> None:
    try:
        tag = parse_language(text)
    except SheetInvalidError:
        return
    assert parse_language(tag) == tag


@pytest.mark.parametrize(
    "typed", ["0000-0002-1825-0097", "https://orcid.org/0000-0002-1694-233X", "0000-0001-5109-3700"]
)
def test_an_orcid_is_known_by_its_last_digit(typed: str) -> None:
    assert parse_orcid(typed) in typed


@pytest.mark.parametrize("typed", ["0000-0002-1825-0098", "1234", "https://example.org/x"])
def test_another_last_digit_is_refused(typed: str) -> None:
    with pytest.raises(SheetInvalidError, match="no ORCID"):
        parse_orcid(typed)


def test_a_sheet_keeps_what_was_said_and_no_more() -> None:
    sheet = parse_sheet(
        {
            "provenance": " Walks. ",
            "languages": ["NL", "nl"],
            "creators": [{"name": "Ada", "orcid": "", "affiliation": "Lab"}],
        }
    )
    assert sheet.creators == (Creator("Ada", affiliation="Lab"),)
    assert sheet.as_json() == {
        "provenance": "Walks.",
        "languages": ("nl",),
        "creators": ({"name": "Ada", "orcid": "", "affiliation": "Lab"},),
    }
    assert parse_sheet(sheet.as_json()) == sheet
    assert parse_sheet({}).as_json() == {}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "an object"),
        ({"provenence": "x"}, "provenence"),
        ({"provenance": 3}, "provenance"),
        ({"languages": "nl"}, "languages"),
        ({"creators": ["Ada"]}, "number 1 needs a name"),
        ({"creators": [{"name": " "}]}, "number 1 has an empty name"),
        ({"creators": [{"name": "Ada", "mail": "x"}]}, "mail"),
        ({"funding": "x" * 20_001}, "20,000"),
    ],
)
def test_what_does_not_belong_is_refused_by_name(value: object, said: str) -> None:
    with pytest.raises(SheetInvalidError, match=said):
        parse_sheet(value)
