"""Names of files: one spelling each, and nothing that hurts on anybody's disk."""

import unicodedata

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from apps.ingest.paths import (
    ClashKind,
    PathInvalidError,
    PathRule,
    clean_path,
    compute_clash_key,
    find_duplicates,
    quote_text,
)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", PathRule.EMPTY),
        ("./", PathRule.EMPTY),
        ("/etc/passwd", PathRule.ABSOLUTE),
        (".//etc/passwd", PathRule.ABSOLUTE),
        ("a/../b.wav", PathRule.DOT_SEGMENT),
        ("../b.wav", PathRule.DOT_SEGMENT),
        ("a/..", PathRule.DOT_SEGMENT),
        ("a/./b.wav", PathRule.DOT_SEGMENT),
        ("a//b.wav", PathRule.EMPTY_SEGMENT),
        ("a/", PathRule.EMPTY_SEGMENT),
        ("a\\b.wav", PathRule.BACKSLASH),
        ("..\\b.wav", PathRule.BACKSLASH),
        ("C:/b.wav", PathRule.DRIVE_LETTER),
        ("c:b.wav", PathRule.DRIVE_LETTER),
        ("a\nb.wav", PathRule.CONTROL_CHARACTER),
        ("a\x00.wav", PathRule.CONTROL_CHARACTER),
        ("a\x7f.wav", PathRule.CONTROL_CHARACTER),
        ("a\u2028b.wav", PathRule.CONTROL_CHARACTER),
        ("gnp\u202evaw.wav", PathRule.CONTROL_CHARACTER),
        ("a\ufeff.wav", PathRule.CONTROL_CHARACTER),
        (b"caf\xe9.wav".decode("utf-8", "surrogateescape"), PathRule.NOT_UNICODE),
        ("a./b.wav", PathRule.TRAILING_DOT_OR_SPACE),
        ("b.wav ", PathRule.TRAILING_DOT_OR_SPACE),
        ("...", PathRule.TRAILING_DOT_OR_SPACE),
        ("con", PathRule.RESERVED_NAME),
        ("NUL.wav", PathRule.RESERVED_NAME),
        ("a/Com1.tar.gz", PathRule.RESERVED_NAME),
        ("lpt\u00b9.txt", PathRule.RESERVED_NAME),
        ("aux .wav", PathRule.RESERVED_NAME),
        ("a" * 256, PathRule.SEGMENT_TOO_LONG),
        ("é" * 128, PathRule.SEGMENT_TOO_LONG),
        ("/".join(["a" * 100] * 11), PathRule.PATH_TOO_LONG),
    ],
)
def test_a_bad_path_is_refused_and_the_rule_named(text: str, rule: PathRule) -> None:
    with pytest.raises(PathInvalidError) as refusal:
        clean_path(text)

    assert refusal.value.rule is rule
    assert refusal.value.code == "ingest.path_invalid"
    assert refusal.value.message.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "a.wav",
        "audio/night walk/01 - owl & rain, 'loud' [x].wav",
        "console/com10.wav",
        "auxiliary.wav",
        "ab:c.wav",
        "yes: no # {x}.wav",
        "-rf.wav",
        "\u9ce5/\u6708.flac",
        "\U0001f989.wav",
        "a" * 255,
        ".hidden",
        "..a/b..wav",
    ],
)
def test_an_odd_but_harmless_path_is_kept_as_it_is(text: str) -> None:
    assert clean_path(text) == text


def test_a_leading_dot_slash_is_dropped_as_tar_writes_it() -> None:
    assert clean_path("././audio/a.wav") == "audio/a.wav"


def test_a_decomposed_name_is_composed() -> None:
    assert clean_path(unicodedata.normalize("NFD", "Zoé/ä.wav")) == "Zoé/ä.wav"


@given(st.text(max_size=300))
def test_cleaning_a_clean_path_changes_nothing(text: str) -> None:
    try:
        path = clean_path(text)
    except PathInvalidError:
        reject()
    assert clean_path(path) == path
    assert len(path.encode()) <= 1024
    assert not path.startswith("/")
    assert all(0 < len(part.encode()) <= 255 and part != ".." for part in path.split("/"))


@given(
    st.lists(
        st.sampled_from(["con", "NUL", ".", "..", " ", "", "a", "wav", "lpt1", "_", "-", "x y"]),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([".", "/", " "]),
)
def test_plain_names_follow_the_same_rules_as_names_in_any_script(
    parts: list[str], joint: str
) -> None:
    text = joint.join(parts)
    outcomes = []
    for spelling in (f"x/{text}", f"é/{text}"):
        try:
            outcomes.append(clean_path(spelling)[1:])
        except PathInvalidError as error:
            outcomes.append(error.rule)
    assert outcomes[0] == outcomes[1]


def test_duplicates_are_found_by_bytes_by_case_and_by_unicode_form() -> None:
    composed, decomposed = "é.wav", unicodedata.normalize("NFD", "é.wav")

    clashes = find_duplicates(
        ["a.wav", "b/X.wav", composed, "a.wav", "B/x.wav", decomposed, "1.wav", "straße", "STRASSE"]
    )

    assert [(clash.kind, clash.paths) for clash in clashes] == [
        (ClashKind.SAME, ("a.wav", "a.wav")),
        (ClashKind.CASE, ("b/X.wav", "B/x.wav")),
        (ClashKind.NORMALISATION, (composed, decomposed)),
        (ClashKind.CASE, ("straße", "STRASSE")),
    ]


def test_a_file_that_must_also_be_a_folder_is_a_clash() -> None:
    clashes = find_duplicates(["audio", "Audio/a.wav", "audio2/b.wav"])

    assert [(clash.kind, clash.paths) for clash in clashes] == [
        (ClashKind.FILE_AND_FOLDER, ("audio", "Audio/a.wav"))
    ]


@given(st.lists(st.text(alphabet="abcdefgh/", min_size=1, max_size=8), unique=True))
def test_paths_in_one_case_without_shared_folders_never_clash(names: list[str]) -> None:
    paths = [f"{number}{name.replace('/', '-')}" for number, name in enumerate(names)]
    assert find_duplicates(paths) == []


@given(st.text(max_size=30))
def test_the_clash_key_ignores_case_and_form(text: str) -> None:
    assert compute_clash_key(text.upper().lower()) == compute_clash_key(
        compute_clash_key(text.upper().lower())
    )
    assert compute_clash_key(unicodedata.normalize("NFD", text)) == compute_clash_key(
        unicodedata.normalize("NFC", text)
    )


def test_what_is_shown_to_people_is_printable_and_short() -> None:
    shown = quote_text("a\x1b[31m\u202e" + "x" * 500)

    assert shown.isprintable()
    assert len(shown) < 200
