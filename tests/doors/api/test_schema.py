"""The OpenAPI schema and its offline page."""

from pathlib import Path

from django.core.management import call_command
from django.test import Client


def test_the_schema_is_drawn_without_a_warning(tmp_path: Path, db: None) -> None:
    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml")
    )
    assert "/api/v1/whoami/" in (tmp_path / "schema.yaml").read_text()


def test_the_docs_page_needs_no_other_host(client: Client, db: None) -> None:
    page = client.get("/api/v1/docs/")
    assert page.status_code == 200
    assert b"https://" not in page.content.replace(b"https://localhost", b"")
    assert b"/static/drf_spectacular_sidecar/" in page.content
