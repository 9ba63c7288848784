"""Text as cards and gates print it: typed text that cannot be mistaken for ours, and numbers."""

import re
from collections.abc import Sequence

MINUTE = 60
HOUR = 3600
BIBTEX_SPECIALS = re.compile(r"([\\{}$&#^_~%])")
BIBTEX_WORDS = {"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}"}
# What opens a heading, a rule, a code fence or a front matter at the start of a line.
BLOCK_OPENERS = re.compile(r"^(\s{0,3})(#+|=+|-{2,}|-(?=\s*$)|`{3,}|~{3,})", re.MULTILINE)


def escape_prose(text: str) -> str:
    """Return typed text as Markdown paragraphs without headings, fences or HTML of its own."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    escaped = lines.strip().replace("&", "&amp;").replace("<", "&lt;")
    return BLOCK_OPENERS.sub(_escape_opener, escaped)


def escape_cell(text: str) -> str:
    """Return text that stays inside one cell of a Markdown table."""
    flat = " ".join(text.split())
    return flat.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def render_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table of cells that are safe already; the first column is left-aligned."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *rows])


def escape_bibtex(text: str) -> str:
    """Return text that means itself between the braces of a BibTeX field."""
    flat = " ".join(text.split())
    return BIBTEX_SPECIALS.sub(lambda m: BIBTEX_WORDS.get(m[1], f"\\{m[1]}"), flat)


def format_duration(seconds: float) -> str:
    """Return a length of sound in the unit people would use."""
    if seconds < MINUTE:
        return f"{seconds:.1f} s"
    return f"{seconds / MINUTE:.1f} min" if seconds < HOUR else f"{seconds / HOUR:,.1f} h"


def format_count(count: int, one: str, many: str) -> str:
    """Return `1 clip` or `1,200 clips`."""
    return f"{count:,} {one if count == 1 else many}"


def format_clip_count(count: int) -> str:
    return format_count(count, "clip", "clips")


def format_percent(share: float) -> str:
    """Return a share as a percentage that never says 100 % or 0 % when it is not."""
    if share in {0.0, 1.0}:
        return f"{share:.0%}"
    return f"{min(max(share, 0.0001), 0.9999):.2%}"


def _escape_opener(match: re.Match[str]) -> str:
    return f"{match[1]}\\{match[2]}"
