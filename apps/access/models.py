"""Who was let in, and what they took."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.accounts.models import Membership, Organisation
from apps.datasets.models import Dataset
from apps.releases.models import Release


class EntitlementQuerySet(models.QuerySet["Entitlement"]):
    """Which entitlements hold now."""

    def valid(self, at: datetime | None = None) -> EntitlementQuerySet:
        now = at or timezone.now()
        return self.filter(revoked_at=None, valid_from__lte=now).filter(
            models.Q(valid_until=None) | models.Q(valid_until__gt=now)
        )


class AccessTerms(models.Model):
    """One version of the terms under which a dataset is taken; never changed."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="access_terms")
    version = models.PositiveIntegerField()
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    # Whether whoever accepted an earlier version has to accept this one to go on.
    asks_again = models.BooleanField(default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-version"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["dataset", "version"], name="access_terms_once"),
        ]

    def __str__(self) -> str:
        return f"terms {self.version} of {self.dataset}"


class Entitlement(models.Model):
    """A person or an organisation may take a dataset, for purposes, until a date.

    Of an organisation it is an agreement: with `seats` it reaches as many members as have one,
    without it reaches every member.
    """

    class Way(models.TextChoices):
        GRANTED = "granted", "Granted by a person"
        AUTOMATIC = "automatic", "Granted by rule to a complete request"
        ACCEPTED = "accepted", "Taken by accepting the terms"

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="entitlements")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="entitlements",
    )
    organisation = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="entitlements",
    )
    # What for: uses, and passing on as a licensee; never none, never changed.
    purposes = models.JSONField()
    # Where the holder takes it (ISO 3166-1 alpha-2); empty where nobody asked.
    country = models.CharField(max_length=2, blank=True)
    valid_from = models.DateTimeField(default=timezone.now)
    valid_until = models.DateTimeField(null=True, blank=True)
    way = models.CharField(max_length=16, choices=Way.choices, default=Way.GRANTED)
    # The version of the dataset's terms that the holder accepted; 0: none.
    terms = models.PositiveIntegerField(default=0)
    seats = models.PositiveIntegerField(null=True, blank=True)
    # What the agreement is called on paper.
    agreement = models.CharField(max_length=200, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    granted_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = EntitlementQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(user=None, organisation__isnull=False)
                | models.Q(user__isnull=False, organisation=None),
                name="entitlement_one_holder",
            ),
            models.CheckConstraint(
                condition=models.Q(seats=None) | models.Q(organisation__isnull=False, seats__gt=0),
                name="entitlement_seats_of_organisation",
            ),
            models.CheckConstraint(
                condition=~models.Q(purposes=[]), name="entitlement_names_purposes"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["valid_until"], name="entitlement_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.organisation} may take {self.dataset}"


class Seat(models.Model):
    """A member of an organisation takes a dataset under its agreement.

    The seat hangs on the membership: who leaves loses it in the same moment, by the database.
    """

    entitlement = models.ForeignKey(Entitlement, on_delete=models.CASCADE, related_name="seat_rows")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="seats")
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    given_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["entitlement", "membership"], name="seat_once"),
        ]

    def __str__(self) -> str:
        return f"{self.membership.user} has a seat for {self.entitlement.dataset}"


class Acceptance(models.Model):
    """Somebody accepted terms, for themselves or in the name of an organisation; never changed."""

    terms = models.ForeignKey(AccessTerms, on_delete=models.PROTECT, related_name="acceptances")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="acceptances"
    )
    organisation = models.ForeignKey(
        Organisation, null=True, on_delete=models.PROTECT, related_name="acceptances"
    )
    accepted_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.user} accepted {self.terms}"


class AccessRequestQuerySet(models.QuerySet["AccessRequest"]):
    """Which requests wait for an answer."""

    def pending(self) -> AccessRequestQuerySet:
        return self.filter(state=AccessRequest.State.PENDING)


class AccessRequest(models.Model):
    """A person asks to take a dataset, for purposes; somebody who may grant it answers."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for an answer"
        GRANTED = "granted", "Granted"
        REFUSED = "refused", "Refused"
        CANCELLED = "cancelled", "Cancelled by the asker"

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="access_requests")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="access_requests"
    )
    purposes = models.JSONField(default=list)
    # Where the asker is; empty where the dataset does not ask.
    country = models.CharField(max_length=2, blank=True)
    message = models.TextField(blank=True)
    # What the dataset's form asked, as `[{"name", "label", "value"}]`.
    answers = models.JSONField(default=list, blank=True)
    # The version of the terms that the asker accepted; 0: none.
    terms = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    asked_at = models.DateTimeField(auto_now_add=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True)
    entitlement = models.ForeignKey(
        Entitlement, null=True, on_delete=models.PROTECT, related_name="requests"
    )

    objects = AccessRequestQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-asked_at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["dataset", "user"],
                condition=models.Q(state="pending"),
                name="access_request_one_pending",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["pending", "cancelled"])
                | models.Q(answered_by__isnull=False, answered_at__isnull=False),
                name="access_request_answered_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(state="granted", entitlement__isnull=False)
                | (~models.Q(state="granted") & models.Q(entitlement=None)),
                name="access_request_granted_has_entitlement",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} asks for {self.dataset}"


class AccessChange(models.Model):
    """A proposal to let more people take what was released already; another person decides.

    The columns below `dataset` are what its settings become.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waiting for another person"
        # Only inside the transaction that carries it out: the database lets the dataset's row
        # become wider while a change is in this state.
        CONFIRMED = "confirmed", "Confirmed"
        APPLIED = "applied", "Carried out"
        REFUSED = "refused", "Refused"
        CANCELLED = "cancelled", "Taken back"

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="access_changes")
    access = models.CharField(max_length=16, choices=Dataset.Access.choices)
    auto_grant = models.BooleanField()
    embargo_until = models.DateTimeField(null=True, blank=True)
    embargoes = models.JSONField(default=dict, blank=True)
    reason = models.TextField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["dataset"],
                condition=models.Q(state__in=["proposed", "confirmed"]),
                name="access_change_one_waits",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="access_change_has_reason"),
            models.CheckConstraint(
                condition=models.Q(state__in=["proposed", "cancelled"], decided_by=None)
                | (
                    models.Q(state__in=["confirmed", "applied", "refused"])
                    & models.Q(decided_by__isnull=False, decided_at__isnull=False)
                    & ~models.Q(decided_by=models.F("proposed_by"))
                ),
                name="access_change_decided_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"change of the access to {self.dataset}"


class Receipt(models.Model):
    """What was given to whom, when, on what, what for.

    One row for each person, token, release, door, day and purpose that the person stated.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="receipts"
    )
    # Copied as text, empty for someone who is not signed in: the receipt outlives the account.
    holder = models.CharField(max_length=150, blank=True)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="receipts")
    root = models.CharField(max_length=64)
    entitlement = models.ForeignKey(
        Entitlement, null=True, on_delete=models.PROTECT, related_name="receipts"
    )
    # The code of the answer it was given on, and the version of the terms that bound then.
    code = models.CharField(max_length=64, blank=True)
    terms = models.PositiveIntegerField(default=0)
    # What it was taken for: of the grant what the release is cleared for, or what the release is
    # cleared for where it is open; none for members, who work on it.
    purposes = models.JSONField(default=list)
    # The one of them that the person stated with it; empty where they stated none.
    stated = models.CharField(max_length=32, blank=True)
    # How the token begins that was used; empty on pages and for somebody not signed in.
    token = models.CharField(max_length=12, blank=True)
    # Distinct objects given out by then; asking twice for one counts once.
    objects_given = models.PositiveBigIntegerField(default=0)
    door = models.CharField(max_length=8)
    day = models.DateField()
    first_at = models.DateTimeField(auto_now_add=True)
    last_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["holder", "token", "release", "door", "day", "stated"],
                name="receipt_once_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holder or 'anonymous'} took {self.release}"


class RefusalCount(models.Model):
    """How often somebody was refused a dataset, for one reason, on one day."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="refusals")
    # Empty for all who were not signed in.
    holder = models.CharField(max_length=150, blank=True)
    code = models.CharField(max_length=64)
    action = models.CharField(max_length=16)
    day = models.DateField()
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["dataset", "holder", "code", "action", "day"], name="refusal_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holder or 'anonymous'} was refused {self.dataset}: {self.code}"


class Notice(models.Model):
    """Something a person should know about access; shown to them, and sent by mail."""

    class Kind(models.TextChoices):
        ASKED = "asked", "Somebody asks for a dataset"
        ANSWERED = "answered", "Your request was answered"
        ENDING = "ending", "Access ends soon"
        TERMS = "terms", "Terms changed"
        SEAT = "seat", "A seat was given or taken"
        FULL = "full", "All seats are taken"
        REVOKED = "revoked", "Access was taken back"
        WIDER = "wider", "More people are to be let in"
        LOWER = "lower", "A bar is to be lowered"
        LAPSED = "lapsed", "A release is closed to readers"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    kind = models.CharField(max_length=16, choices=Kind.choices)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="notices")
    text = models.TextField()
    # The page where the person can do something about it, from the root of this site.
    page = models.CharField(max_length=300)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)
    # When a mail is tried next, and when it went; both None: there is no address to send it to.
    mail_after = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["mail_after"],
                condition=models.Q(mailed_at=None, mail_after__isnull=False),
                name="notice_to_mail",
            ),
        ]

    def __str__(self) -> str:
        return f"to {self.user}: {self.text}"
