"""The files that ship with a release: texts, credits."""

import pytest

from apps.licensing.actions import record_terms
from apps.licensing.licences import build_licence_texts, load_licences
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def texts_of(cast: Cast, *expressions: str) -> dict[str, str]:
    found = build_licence_texts(expressions, cast.acme, load_licences(cast.acme))
    return {name: content.decode() for name, content in found.items()}


def test_every_licence_named_ships_with_its_text(cast: Cast) -> None:
    record_terms(
        actor=cast.ada,
        organisation=cast.acme,
        licence="LicenseRef-Field-1",
        title="Field terms",
        text="Ask us first.\n",
    )

    texts = texts_of(
        cast, "MIT OR CC-BY-SA-3.0-DE", "CC0-1.0 AND GPL-2.0-only", "LicenseRef-Field-1"
    )

    assert list(texts) == [
        "CC-BY-SA-3.0-DE.txt",
        "CC0-1.0.txt",
        "GPL-2.0-only.txt",
        "LicenseRef-Field-1.txt",
        "MIT.txt",
    ]
    assert "Permission is hereby granted, free of charge" in texts["MIT.txt"]
    assert "GNU GENERAL PUBLIC LICENSE" in texts["GPL-2.0-only.txt"]
    assert "Abwandlung" in texts["CC-BY-SA-3.0-DE.txt"]
    assert texts["LicenseRef-Field-1.txt"] == "Ask us first.\n"


def test_what_has_no_text_at_hand_ships_with_its_address(cast: Cast) -> None:
    texts = texts_of(
        cast, "LicenseRef-CC-BY-NC-3.0-US", "GPL-2.0-or-later WITH Classpath-exception-2.0"
    )

    assert texts["LicenseRef-CC-BY-NC-3.0-US.txt"] == (
        "Creative Commons Attribution-NonCommercial 3.0 (US)\n"
        "LicenseRef-CC-BY-NC-3.0-US\n"
        "https://creativecommons.org/licenses/by-nc/3.0/us/\n"
    )
    assert texts["Classpath-exception-2.0.txt"] == (
        "Classpath-exception-2.0\nhttps://spdx.org/licenses/Classpath-exception-2.0.html\n"
    )
