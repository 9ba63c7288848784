"""From the rows of a release to what publishing reads."""

from typing import IO

from apps.licensing.licences import attribution_csv, licence_files, licences_of
from apps.publishing.content import LicenceText, ReleaseContent, TableFile
from apps.publishing.statements import batches_of, statement_of, table_of
from apps.releases.models import Release
from apps.releases.usage import licence_of_adaptation
from apps.releases.versioning import credits_of
from apps.storage.blobs import get_blob, local_copy, open_blob
from apps.storage.models import Blob
from apps.storage.tables import columns_of
from datasets_catalog.card_facts import CardFacts


def content_of(release: Release) -> ReleaseContent:
    """Read an approved or published release, none of its audio.

    What it says is the release's statement, so that every door and every repetition says the
    same. Raises `ReleaseNotSendableError` for a release that nobody has approved.
    """
    card = statement_of(release)
    clips, events = table_of(release.clips_table), table_of(release.events_table)
    organisation = release.dataset.organisation
    store = release.dataset.uid
    return ReleaseContent(
        card=card,
        clips=lambda: batches_of(clips),
        events=lambda: batches_of(events),
        clips_table=_table_file("clips.parquet", clips),
        events_table=_table_file("events.parquet", events),
        # By name each time: a blob destroyed meanwhile must not leave.
        open_blob=lambda md5: open_blob(get_blob(store, md5)),
        licences=_licence_texts(release, card),
        attribution=attribution_csv(credits_of(release), licences_of(organisation)),
    )


def _licence_texts(release: Release, card: CardFacts) -> tuple[LicenceText, ...]:
    organisation = release.dataset.organisation
    expressions = {share.expression for share in card.outbound.mix}
    if whole := licence_of_adaptation(release):
        expressions.add(whole)
    files = licence_files(expressions, organisation, licences_of(organisation))
    return tuple(LicenceText(file.id, file.title, file.url, file.text) for file in files)


def _table_file(name: str, blob: Blob) -> TableFile:
    def opened() -> IO[bytes]:
        return open_blob(blob)

    with local_copy(blob) as path:
        columns = columns_of(path)
    return TableFile(name, blob.oid, blob.sha256, blob.size, columns, opened)
