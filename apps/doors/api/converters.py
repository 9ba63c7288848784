"""What may stand in an address where a name is expected."""


class SlugConverter:
    """The name of an organisation, a dataset or a vocabulary."""

    regex = r"[a-z0-9](?:[a-z0-9._-]{0,94}[a-z0-9])?"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class WordConverter(SlugConverter):
    """A username, a role, a version: no slash, no white space, no control characters."""

    regex = r"[\w.@+-]{1,150}"


class Sha256Converter(SlugConverter):
    """64 lower-case hexadecimal digits."""

    regex = r"[0-9a-f]{64}"


class VersionConverter(SlugConverter):
    """Three numbers joined by dots, such as 1.2.0."""

    regex = r"(?:0|[1-9]\d{0,5})\.(?:0|[1-9]\d{0,5})\.(?:0|[1-9]\d{0,5})"


class TableConverter(SlugConverter):
    """One of the tables of a release."""

    regex = r"clips|events"
