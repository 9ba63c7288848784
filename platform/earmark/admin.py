"""The operators' view of the rows. What is written by actions is read-only here."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model
from django.http import HttpRequest

from apps.access.models import Entitlement, Receipt
from apps.accounts.models import Membership, Organisation, Token, User
from apps.audit.models import AuditEvent
from apps.consent.models import Consent, ConsentForm, Contributor
from apps.datasets.models import Clip, Dataset, Vocabulary
from apps.detection.models import Finding, Scan
from apps.jobs.models import Job
from apps.licensing.models import Terms
from apps.releases.models import Release, SignOff
from apps.review.models import Decision
from apps.storage.models import Blob


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # generic for mypy alone
    """Rows that only actions may write: gates and the audit log cannot be gone around here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def register_read_only(
    model: type[Model], columns: tuple[str, ...], search: tuple[str, ...] = ()
) -> None:
    options = {"list_display": columns, "search_fields": search, "list_per_page": 50}
    admin.site.register(model, type(f"{model.__name__}Admin", (ReadOnly,), options))


admin.site.site_header = admin.site.site_title = "Earmark for operators"
admin.site.register(User, UserAdmin)
register_read_only(Organisation, ("name", "title", "kind", "created_at"), ("name", "title"))
register_read_only(Membership, ("user", "organisation", "role", "created_at"), ("user__username",))
register_read_only(
    Token, ("prefix", "name", "user", "scope", "expires_at", "last_used_at", "revoked_at")
)
register_read_only(
    AuditEvent, ("sequence", "at", "kind", "actor", "organisation", "subject"), ("subject",)
)
register_read_only(
    Job, ("uid", "kind", "subject", "state", "attempt", "created_at", "finished_at"), ("subject",)
)
register_read_only(Blob, ("oid", "store", "size", "created_at", "destroyed_at"), ("oid", "sha256"))
register_read_only(Vocabulary, ("name", "version", "licence", "created_at"), ("name",))
register_read_only(
    Dataset, ("full_name", "vertical", "access", "draft_serial", "released_at"), ("name",)
)
register_read_only(Clip, ("path", "dataset", "state", "licence", "duration", "split"), ("path",))
register_read_only(Contributor, ("code", "organisation", "is_minor", "created_at"), ("code",))
register_read_only(ConsentForm, ("name", "version", "language", "organisation"))
register_read_only(Consent, ("contributor", "form", "given_at", "valid_until", "recorded_by"))
register_read_only(Terms, ("licence", "organisation", "title", "created_at"), ("licence",))
register_read_only(Scan, ("detector", "detector_version", "dataset", "failed", "finished_at"))
register_read_only(Finding, ("uid", "clip", "kind", "onset", "offset", "score"), ("clip__path",))
register_read_only(Decision, ("finding", "verdict", "decided_by", "decided_at"))
register_read_only(Release, ("dataset", "version", "state", "root", "published_at"), ("version",))
register_read_only(SignOff, ("release", "part", "signed_by", "signed_at"))
register_read_only(Entitlement, ("dataset", "user", "organisation", "valid_until", "revoked_at"))
register_read_only(Receipt, ("holder", "release", "door", "day"), ("holder",))
