"""What can go wrong on the client's side, in the one family of errors."""

from datasets_catalog.errors import (
    ConflictError,
    DeniedError,
    EarmarkError,
    InvalidError,
    NotFoundError,
)


class NotReachedError(EarmarkError):
    """The server did not answer, or not as Earmark does."""

    code = "client.not_reached"


class RefusedError(EarmarkError):
    """The server said no; `answered` is its own code, `status` the HTTP status."""

    code = "client.refused"

    def __init__(self, message: str, *, answered: str = "", status: int = 0) -> None:
        super().__init__(message, code=answered, status=status)
        self.answered = answered
        self.status = status


class NoAddressError(InvalidError):
    """Nobody said which server."""

    code = "client.no_address"


class CredentialsUnsafeError(DeniedError):
    """The file of tokens can be read by others."""

    code = "client.credentials_unsafe"


class NameInvalidError(InvalidError):
    """An argument is no dataset, version or folder."""

    code = "client.name_invalid"


class FolderTakenError(ConflictError):
    """The folder holds something else."""

    code = "client.folder_taken"


class NothingThereError(NotFoundError):
    """What should be read is not there."""

    code = "client.nothing_there"


class DiffersError(EarmarkError):
    """Bytes, rows or a root are not what the release says."""

    code = "client.differs"
