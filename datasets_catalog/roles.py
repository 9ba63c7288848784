"""Who may do what inside an organisation: one enum of permissions, one table of roles."""

from enum import StrEnum


class Permission(StrEnum):
    """What can be permitted, as `resource:action`."""

    ORGANISATION_MANAGE = "organisation:manage"
    DATASET_CREATE = "dataset:create"
    DATASET_VIEW = "dataset:view"
    DATASET_EDIT = "dataset:edit"
    CLIP_INGEST = "clip:ingest"
    EVENT_EDIT = "event:edit"
    EVENT_VERIFY = "event:verify"
    CONSENT_VIEW = "consent:view"
    CONSENT_RECORD = "consent:record"
    FINDING_VIEW = "finding:view"
    FINDING_DECIDE = "finding:decide"
    RIGHTS_REVIEW = "rights:review"
    RELEASE_PREPARE = "release:prepare"
    RELEASE_PUBLISH = "release:publish"
    RELEASE_STOP = "release:stop"
    TARGET_MANAGE = "target:manage"
    ACCESS_GRANT = "access:grant"
    AUDIT_READ = "audit:read"
    SEAT_GIVE = "seat:give"


class Role(StrEnum):
    """A member's role in an organisation; a member may hold several."""

    OWNER = "owner"
    STEWARD = "steward"
    ANNOTATOR = "annotator"
    VERIFIER = "verifier"
    PRIVACY_REVIEWER = "privacy_reviewer"
    RIGHTS_REVIEWER = "rights_reviewer"
    RELEASE_MANAGER = "release_manager"
    LICENSING_MANAGER = "licensing_manager"
    AUDITOR = "auditor"
    MEMBER = "member"


_READ = frozenset({Permission.DATASET_VIEW})

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: _READ
    | {
        Permission.ORGANISATION_MANAGE,
        Permission.DATASET_CREATE,
        Permission.DATASET_EDIT,
        Permission.RELEASE_PUBLISH,
        Permission.RELEASE_STOP,
        Permission.TARGET_MANAGE,
        Permission.ACCESS_GRANT,
        Permission.AUDIT_READ,
        Permission.SEAT_GIVE,
    },
    Role.STEWARD: _READ
    | {
        Permission.DATASET_CREATE,
        Permission.DATASET_EDIT,
        Permission.CLIP_INGEST,
        Permission.EVENT_EDIT,
        Permission.CONSENT_VIEW,
        Permission.CONSENT_RECORD,
        Permission.FINDING_VIEW,
        Permission.RELEASE_PREPARE,
    },
    Role.ANNOTATOR: _READ | {Permission.EVENT_EDIT},
    Role.VERIFIER: _READ | {Permission.EVENT_EDIT, Permission.EVENT_VERIFY},
    Role.PRIVACY_REVIEWER: _READ
    | {
        Permission.CONSENT_VIEW,
        Permission.FINDING_VIEW,
        Permission.FINDING_DECIDE,
        Permission.RELEASE_STOP,
    },
    Role.RIGHTS_REVIEWER: _READ | {Permission.CONSENT_VIEW, Permission.RIGHTS_REVIEW},
    Role.RELEASE_MANAGER: _READ
    | {Permission.RELEASE_PREPARE, Permission.RELEASE_PUBLISH, Permission.TARGET_MANAGE},
    Role.LICENSING_MANAGER: _READ | {Permission.ACCESS_GRANT, Permission.SEAT_GIVE},
    Role.AUDITOR: _READ | {Permission.CONSENT_VIEW, Permission.FINDING_VIEW, Permission.AUDIT_READ},
    # Belongs, and takes what the organisation was granted; works on nothing.
    Role.MEMBER: frozenset(),
}


def any_role_permits(roles: frozenset[Role], permission: Permission) -> bool:
    """Whether any of the roles carries the permission."""
    return any(permission in ROLE_PERMISSIONS[role] for role in roles)
