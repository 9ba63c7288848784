"""What the workers do for access from time to time."""

from apps.access.notices import send_mails
from apps.access.receipts import settle_counts
from apps.access.reminders import remind_holders
from apps.jobs.schedule import run_regularly
from apps.releases.lapses import note_passing_time


@run_regularly("access.mails", seconds=30)
def send_mails_regularly() -> None:
    send_mails()


@run_regularly("access.counts", seconds=60)
def settle_counts_regularly() -> None:
    settle_counts()


@run_regularly("access.reminders", seconds=3600)
def send_reminders_regularly() -> None:
    remind_holders()


@run_regularly("access.lapses", seconds=3600)
def note_lapses_regularly() -> None:
    note_passing_time()
