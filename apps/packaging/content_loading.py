"""From the rows of a release to what publishing reads."""

from typing import IO

from apps.licensing.licences import build_licence_files, load_licences, render_attribution_csv
from apps.packaging.content import LicenceText, ReleaseContent, TableFile
from apps.packaging.statements import load_statement, read_table_batches, require_table
from apps.releases.models import Release
from apps.releases.release_usage import find_licence_of_adaptation
from apps.releases.versioning import list_credits
from apps.storage.blobs import get_blob, open_blob, open_local_copy
from apps.storage.models import Blob
from apps.storage.parquet_tables import read_column_names
from datasets_catalog.card_facts import CardFacts


def load_content(release: Release) -> ReleaseContent:
    """Read an approved or published release, none of its audio.

    What it says is the release's statement, so that every door and every repetition says the
    same. Raises `ReleaseNotSendableError` for a release that nobody has approved.
    """
    card = load_statement(release)
    clips, events = require_table(release.clips_table), require_table(release.events_table)
    organisation = release.dataset.organisation
    store = release.dataset.uid
    return ReleaseContent(
        card=card,
        clips=lambda: read_table_batches(clips),
        events=lambda: read_table_batches(events),
        clips_table=_build_table_file("clips.parquet", clips),
        events_table=_build_table_file("events.parquet", events),
        # By name each time: a blob destroyed meanwhile must not leave.
        open_blob=lambda md5: open_blob(get_blob(store, md5)),
        licences=_load_licence_texts(release, card),
        attribution=render_attribution_csv(list_credits(release), load_licences(organisation)),
    )


def _load_licence_texts(release: Release, card: CardFacts) -> tuple[LicenceText, ...]:
    organisation = release.dataset.organisation
    expressions = {share.expression for share in card.outbound.mix}
    if whole := find_licence_of_adaptation(release):
        expressions.add(whole)
    files = build_licence_files(expressions, organisation, load_licences(organisation))
    return tuple(LicenceText(file.id, file.title, file.url, file.text) for file in files)


def _build_table_file(name: str, blob: Blob) -> TableFile:
    def open_content() -> IO[bytes]:
        return open_blob(blob)

    with open_local_copy(blob) as path:
        columns = read_column_names(path)
    return TableFile(name, blob.oid, blob.sha256, blob.size, columns, open_content)
