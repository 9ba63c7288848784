"""The command line: what it understands, what it prints, and how it ends.

0: all that was asked is done. 1: refused, or not all of it. 2: the command line is wrong.
130: stopped by the person.
"""

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from datasets_catalog.clip_columns import SELECTABLE
from datasets_catalog.door_purposes import is_grantable
from datasets_catalog.errors import EarmarkError
from datasets_catalog.purposes import Purpose
from earmark.client.account import Account, choose_account, find_state_path, save_account
from earmark.client.errors import NameInvalidError, NoAddressError
from earmark.client.folder import read_folder
from earmark.client.notes import read_note
from earmark.client.parts import choose_part
from earmark.client.progress_bar import show_progress_bar
from earmark.client.pull import pull_release
from earmark.client.push import Push, PushOutcome, name_state_file
from earmark.client.references import parse_reference
from earmark.client.releases import find_release
from earmark.client.server import Server
from earmark.client.verification import VerifyOutcome, verify_folder, verify_release

DONE, FAILED, STOPPED = 0, 1, 130
THREADS_MAX = 64
SHOWN = 50


class Run:
    """One call: its options, its surroundings, and where it answers."""

    def __init__(self, options: argparse.Namespace, environ: Mapping[str, str]) -> None:
        self.options = options
        self.environ = environ
        self._opened = ExitStack()

    @property
    def account(self) -> Account:
        return choose_account(self.environ, self.options.url)

    def server(self, account: Account | None = None) -> Server:
        """A connection that lasts as long as the call."""
        made = Server(account or self.account, connections=self.options.threads)
        self._opened.callback(made.close)
        return made

    def close(self) -> None:
        self._opened.close()

    def answer(self, value: dict[str, Any], *lines: str) -> None:
        print(json.dumps(value, indent=2) if self.options.json else "\n".join(lines))  # noqa: T201

    def name(self, problems: Sequence[str]) -> None:
        """Each problem on the error stream, up to a screenful."""
        for line in problems[:SHOWN]:
            print_complaint(f"error: {line}")
        if len(problems) > SHOWN:
            print_complaint(f"… and {len(problems) - SHOWN} more (--json names them all)")


def main(arguments: Sequence[str] | None = None) -> int:
    options = build_parser().parse_args(arguments)
    run = Run(options, os.environ)
    try:
        return int(options.work(run))
    except KeyboardInterrupt:
        print_complaint("Stopped. The same command goes on where it was.")
        return STOPPED
    except EarmarkError as problem:
        code = problem.detail.get("code") or problem.code
        if options.json:
            run.answer({"error": {"code": code, "message": problem.message}})
        else:
            print_complaint(f"error: {problem.message}")
        return FAILED
    except OSError as problem:
        print_complaint(
            f"error: {problem.strerror or problem}: {problem.filename or ''}".rstrip(": ")
        )
        return FAILED
    finally:
        run.close()


def build_parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="earmark",
        description="Take releases of audio datasets from Earmark, prove them, bring folders in.",
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    login = _add_command(commands, "login", sign_in, "keep a token for a server")
    login.add_argument("--token-file", type=Path, metavar="FILE", help="read the token from there")
    _add_command(commands, "whoami", show_identity, "say who the token belongs to")
    take = _add_command(commands, "pull", take_release, "take a release into a folder")
    take.add_argument("name", metavar="ORG/NAME[@VERSION]")
    take.add_argument("--to", type=Path, metavar="DIR", help="the folder; else NAME-VERSION")
    take.add_argument("--root", default="", metavar="HEX", help="the root it must have")
    take.add_argument(
        "--purpose",
        default="",
        choices=[purpose.value for purpose in Purpose if is_grantable(purpose)],
        metavar="PURPOSE",
        help="what it is taken for, one of those you may; the receipt keeps it",
    )
    for option, kept, about in (
        ("--class", "labels", "clips in which this label is heard; may be repeated"),
        ("--split", "splits", "clips of this split; may be repeated"),
        ("--licence", "licences", "clips under this licence; may be repeated"),
    ):
        take.add_argument(option, dest=kept, action="append", metavar="NAME", help=about)
    take.add_argument(
        "--where",
        action="append",
        metavar="COLUMN=VALUE",
        help=f"clips that have this in {', '.join(SELECTABLE)}; may be repeated",
    )
    take.add_argument(
        "--new-since", dest="since", metavar="VERSION", help="clips that version lacks"
    )
    send = _add_command(commands, "push", push_folder, "bring a folder into a dataset's draft")
    send.add_argument("name", metavar="ORG/NAME")
    send.add_argument("folder", type=Path, metavar="FOLDER")
    send.add_argument("--metadata", type=Path, metavar="FILE", help="the table of clips")
    send.add_argument("--events", type=Path, metavar="FILE", help="the table of events")
    send.add_argument("--dry-run", action="store_true", help="send and check, change no draft")
    prove = _add_command(
        commands, "verify", verify_subject, "prove a folder or a release by its root"
    )
    prove.add_argument("subject", metavar="DIR|ORG/NAME@VERSION")
    prove.add_argument("--root", default="", metavar="HEX", help="the root it must have")
    return top


def _add_command(
    commands: Any, name: str, work: Callable[[Run], int], about: str
) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    made.set_defaults(work=work)
    made.add_argument("--url", default="", metavar="ADDRESS", help="the server")
    made.add_argument("--threads", type=_parse_threads, default=8, metavar="N", help="at once; 8")
    made.add_argument("--quiet", action="store_true", help="no progress bar")
    made.add_argument("--json", action="store_true", help="answer with one JSON value")
    return made


def _parse_threads(text: str) -> int:
    count = int(text)
    if not 1 <= count <= THREADS_MAX:
        raise argparse.ArgumentTypeError(f"from 1 to {THREADS_MAX}")
    return count


def sign_in(run: Run) -> int:
    """Ask the server who the token is before it is kept."""
    if not run.options.url:
        raise NoAddressError("Say where: earmark login --url ADDRESS")
    address = choose_account({}, run.options.url).address
    account = Account(address, _read_token(run))
    if not account.token:
        raise NameInvalidError("No token was given: make one on the page /tokens/.")
    name = run.server(account).get("whoami/")["username"]
    path = save_account(run.environ, account)
    run.answer(
        {"username": name, "address": address, "kept_in": str(path)},
        f"Signed in at {address} as {name}; the token is in {path}.",
    )
    return DONE


def _read_token(run: Run) -> str:
    if run.options.token_file:
        return str(run.options.token_file.read_text(encoding="utf-8")).strip()
    if given := run.environ.get("EARMARK_TOKEN", "").strip():
        return given
    if sys.stdin.isatty():
        return getpass.getpass("Token (emk_…): ").strip()
    return sys.stdin.readline().strip()


def show_identity(run: Run) -> int:
    said = run.server().get("whoami/")
    roles = [f"{each['organisation']}: {each['role']}" for each in said["memberships"]]
    run.answer(
        said, f"{said['username']} at {run.account.address} (scope {said['token_scope']})", *roles
    )
    return DONE


def take_release(run: Run) -> int:
    name = parse_reference(run.options.name)
    server = run.server()
    release = find_release(server, name, run.options.root, run.options.purpose)
    part = choose_part(server, release, _read_selection(run.options))
    own = f"{release.dataset.partition('/')[2]}-{release.version}"
    own += "-part" if part.words else ""
    folder = run.options.to or Path(own)
    with show_progress_bar(own, part.size, quiet=run.options.quiet or run.options.json) as tell:
        pulled = pull_release(
            server, release, folder, threads=run.options.threads, part=part, tell=tell
        )
    run.answer(
        pulled.as_json(),
        f"{release.dataset} {release.version} in {folder}: {pulled.fetched} files came,"
        f" {pulled.present} were there, {len(pulled.failed)} failed.",
        f"root {release.root}",
    )
    run.name([f"{path}: {problem}" for path, problem in pulled.failed.items()])
    return FAILED if pulled.failed else DONE


def _read_selection(options: argparse.Namespace) -> dict[str, list[str]]:
    asked = {
        "labels": options.labels,
        "splits": options.splits,
        "licences": options.licences,
        "since": [options.since] if options.since else [],
        **_parse_conditions(options.where or ()),
    }
    return {name: sorted(words) for name, words in asked.items() if words}


def _parse_conditions(conditions: Sequence[str]) -> dict[str, list[str]]:
    """What is asked of columns; raises NameInvalidError for one that cannot be asked for."""
    asked: dict[str, list[str]] = {}
    for condition in conditions:
        column, equals, value = condition.partition("=")
        if column not in SELECTABLE or not equals:
            raise NameInvalidError(
                f"{condition!r}: write COLUMN=VALUE, with a column of {', '.join(SELECTABLE)}."
            )
        asked.setdefault(column, []).append(value)
    return asked


def push_folder(run: Run) -> int:
    name, options = parse_reference(run.options.name), run.options
    if name.version:
        raise NameInvalidError("Clips go into a dataset's draft, never into a version.")
    server, account = run.server(), run.account
    quiet = options.quiet or options.json
    with show_progress_bar("hashing", 0, quiet=quiet) as tell:
        material = read_folder(options.folder, options.metadata, threads=options.threads, tell=tell)
    state = find_state_path(run.environ) / name_state_file(
        account.address, name.dataset, options.folder
    )
    push = Push(server, name.dataset, state, threads=min(options.threads, 4))
    total = sum(file.size for file in material.files.values())
    with show_progress_bar("sending", total, quiet=quiet) as tell:
        push.clips(material, dry_run=options.dry_run, tell=tell)
    if options.events:
        push.events(options.events, dry_run=options.dry_run)
    _report_push(run, push.done)
    return FAILED if push.done.refused else DONE


def _report_push(run: Run, done: PushOutcome) -> None:
    verb = "would be" if run.options.dry_run else "were"
    run.answer(
        done.as_json(),
        f"{done.added} {verb} added, {done.changed} {verb} changed, {done.unchanged} are as they"
        f" were; {done.sent} bytes sent.",
        *(f"note: {note}" for note in done.notes),
    )
    if not run.options.json:
        run.name(done.refused)


def verify_subject(run: Run) -> int:
    folder = Path(run.options.subject)
    done = _verify_folder(run, folder) if folder.is_dir() else _verify_release(run)
    run.answer(
        done.as_json(),
        f"{done.subject}: {done.clips} clips, {len(done.problems)} differ.",
        f"root {done.root}",
    )
    if not run.options.json:
        run.name([f"{path}: {problem}" for path, problem in done.problems.items()])
    return FAILED if done.problems else DONE


def _verify_folder(run: Run, folder: Path) -> VerifyOutcome:
    root = run.options.root or read_note(folder).root
    with show_progress_bar("hashing", 0, quiet=run.options.quiet or run.options.json) as tell:
        return verify_folder(folder, root, threads=run.options.threads, tell=tell)


def _verify_release(run: Run) -> VerifyOutcome:
    server = run.server()
    release = find_release(server, parse_reference(run.options.subject), run.options.root)
    with show_progress_bar(
        "fetching", release.size, quiet=run.options.quiet or run.options.json
    ) as tell:
        return verify_release(server, release, threads=run.options.threads, tell=tell)


def print_complaint(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
