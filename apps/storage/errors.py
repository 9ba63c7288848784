"""What the store refuses, and why."""

from datasets_catalog.errors import ConflictError, EarmarkError, InvalidError, Kind, NotFoundError


class BlobCollisionError(ConflictError):
    """Other bytes with the same md5 are already kept; md5 can be forged, so they are refused."""

    code = "storage.blob_collision"


class BlobDestroyedError(EarmarkError):
    """These bytes were destroyed on request and may not come back."""

    code = "storage.blob_destroyed"
    kind = Kind.GONE


class BlobMismatchError(InvalidError):
    """The bytes that arrived are not the bytes that were announced."""

    code = "storage.blob_mismatch"


class BlobMissingError(EarmarkError):
    """The catalog knows these bytes but the store does not hold them."""

    code = "storage.blob_missing"
    kind = Kind.UNAVAILABLE


class StoreUnavailableError(EarmarkError):
    """The object store does not answer, or refuses."""

    code = "storage.unavailable"
    kind = Kind.UNAVAILABLE


class BlobUnknownError(NotFoundError):
    """No blob of that name was ever kept here."""

    code = "storage.blob_unknown"


class FileUnreadableError(InvalidError):
    """A local file could not be read."""

    code = "storage.file_unreadable"


class PathUnsafeError(InvalidError):
    """A path that DVC or git cannot hold."""

    code = "storage.path_unsafe"


class UnsortedError(InvalidError):
    """Rows came out of order or twice; what is written must not depend on chance."""

    code = "storage.unsorted"


class RowInvalidError(InvalidError):
    """A row does not fit the table it is meant for."""

    code = "storage.row_invalid"


class VersionNameInvalidError(InvalidError):
    """Not a version tag, or not a name for a document of a version."""

    code = "storage.version_name_invalid"


class VersionExistsError(ConflictError):
    """The tag is taken by other content; version tags never move."""

    code = "storage.version_exists"


class VersionBranchMovedError(ConflictError):
    """Somebody else moved the branch in between; try again."""

    code = "storage.branch_moved"


class VersionUnknownError(NotFoundError):
    """There is no such version of the dataset."""

    code = "storage.version_unknown"


class VersionPathUnknownError(NotFoundError):
    """The version holds no file of that name."""

    code = "storage.version_path_unknown"


class VersionDamagedError(EarmarkError):
    """What a version says about itself does not hold; `manage.py fsck` names what is broken."""

    code = "storage.version_damaged"
    kind = Kind.UNAVAILABLE


class ImportRefusedError(InvalidError):
    """The DVC repository cannot be read, or asks for what we do not do on its behalf."""

    code = "storage.import_refused"
