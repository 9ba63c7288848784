"""What the workers do for access from time to time."""

from apps.access.notices import send_mails
from apps.access.receipts import settle_counts
from apps.access.reminders import remind_of_ends
from apps.jobs.regularly import regularly
from apps.releases.lapses import note_passing_time


@regularly("access.mails", seconds=30)
def mails() -> None:
    send_mails()


@regularly("access.counts", seconds=60)
def counts() -> None:
    settle_counts()


@regularly("access.reminders", seconds=3600)
def reminders() -> None:
    remind_of_ends()


@regularly("access.lapses", seconds=3600)
def lapses() -> None:
    note_passing_time()
