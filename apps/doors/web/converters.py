"""What may stand in the address of a page. Names that cannot be are 404 before any query."""

from django.urls import register_converter


class NameConverter:
    """The name of an organisation or a dataset."""

    regex = r"[a-z0-9](?:[a-z0-9._-]{0,94}[a-z0-9])?"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class VersionConverter(NameConverter):
    """Three numbers joined by dots."""

    regex = r"\d{1,6}\.\d{1,6}\.\d{1,6}"


class CodeConverter(NameConverter):
    """A contributor's code: anything an organisation chose, but no control characters."""

    regex = r"[^\x00-\x1f]{1,100}"


register_converter(NameConverter, "page_name")
register_converter(VersionConverter, "page_version")
register_converter(CodeConverter, "page_code")
