"""Addresses of the REST door."""

from django.urls import URLPattern, URLResolver, include, path, re_path, register_converter
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from apps.doors.api import converters, review_urls
from apps.doors.api.views import (
    access,
    access_changes,
    accounts,
    agreements,
    audit,
    clips,
    contents,
    datasets,
    imports,
    jobs,
    ledger,
    lowerings,
    parts,
    privacy,
    publishing,
    releases,
    review_record,
    rights,
    unknown_addresses,
    uploads,
    vocabularies,
)

register_converter(converters.SlugConverter, "name")
register_converter(converters.WordConverter, "word")
register_converter(converters.Sha256Converter, "sha256")
register_converter(converters.VersionConverter, "version")
register_converter(converters.TableConverter, "table")

app_name = "api"

Routes = list[URLPattern | URLResolver]

ORGANISATION: Routes = [
    path("", accounts.OneOrganisation.as_view(), name="organisation"),
    path("members/", accounts.Members.as_view(), name="members"),
    path("members/<word:username>/<word:role>/", accounts.OneMemberRole.as_view(), name="member"),
    path("audit/", audit.AuditEvents.as_view(), name="audit"),
    path("contributors/", rights.Contributors.as_view(), name="contributors"),
    path("consents/", imports.Consents.as_view(), name="consents"),
    path(
        "consents/<uuid:uid>/corrections/",
        ledger.ConsentCorrections.as_view(),
        name="consent-corrections",
    ),
    path("consent-forms/", ledger.ConsentForms.as_view(), name="consent-forms"),
    path("consent-forms/<uuid:uid>/reaches/", ledger.FormReaches.as_view(), name="form-reaches"),
    path(
        "consent-forms/<uuid:uid>/reaches/end/",
        ledger.FormReachEnd.as_view(),
        name="form-reaches-end",
    ),
    path("minors/", ledger.Minors.as_view(), name="minors"),
    path("majorities/", ledger.Majorities.as_view(), name="majorities"),
    path("terms/", rights.OwnTerms.as_view(), name="own-terms"),
    path("agreements/", agreements.Agreements.as_view(), name="agreements"),
    path("targets/", publishing.Targets.as_view(), name="targets"),
    path("targets/<name:target>/", publishing.OneTarget.as_view(), name="target"),
    path("targets/<name:target>/check/", publishing.TargetCheck.as_view(), name="target-check"),
]

UPLOAD: Routes = [
    path("", uploads.OneUpload.as_view(), name="upload"),
    path("check/", uploads.UploadCheck.as_view(), name="upload-check"),
    path("pack/", uploads.UploadPack.as_view(), name="upload-pack"),
    path("blobs/<sha256:sha256>/", uploads.UploadBlob.as_view(), name="upload-blob"),
    path("parts/<sha256:sha256>/", uploads.UploadParts.as_view(), name="upload-parts"),
    path("parts/<sha256:sha256>/<int:number>/", uploads.UploadPart.as_view(), name="upload-part"),
    path(
        "parts/<sha256:sha256>/complete/",
        uploads.UploadPartsComplete.as_view(),
        name="upload-parts-complete",
    ),
    path("commit/", uploads.UploadCommit.as_view(), name="upload-commit"),
    path("finish/", uploads.UploadFinish.as_view(), name="upload-finish"),
]

RELEASE: Routes = [
    path("", releases.OneRelease.as_view(), name="release"),
    path("freeze/", releases.ReleaseFreeze.as_view(), name="release-freeze"),
    path("lapses/", releases.ReleaseLapses.as_view(), name="release-lapses"),
    path("gates/", releases.ReleaseGates.as_view(), name="release-gates"),
    path("submit/", releases.ReleaseSubmission.as_view(), name="release-submit"),
    path("sign-offs/", releases.ReleaseSignOffs.as_view(), name="release-sign-offs"),
    path("publish/", releases.ReleasePublication.as_view(), name="release-publish"),
    path("reopen/", releases.ReleaseReopening.as_view(), name="release-reopen"),
    path("deprecate/", releases.ReleaseDeprecation.as_view(), name="release-deprecate"),
    path("diff/", releases.ReleaseDiff.as_view(), name="release-diff"),
    path("checklist/", review_record.ReleaseChecklist.as_view(), name="release-checklist"),
    path(
        "review-report/", review_record.ReleaseReviewReport.as_view(), name="release-review-report"
    ),
    path("statement/", review_record.ReleaseStatementView.as_view(), name="release-statement"),
    path("authorization/", releases.ReleaseAuthorization.as_view(), name="release-authorization"),
    path(
        "publications/",
        publishing.ReleasePublications.as_view(),
        name="release-publications",
    ),
    path(
        "publications/plan/",
        publishing.ReleasePublicationPlan.as_view(),
        name="release-publication-plan",
    ),
    path("clips/", contents.ReleaseClips.as_view(), name="release-clips"),
    path("clips/<uuid:uid>/", contents.ReleaseClip.as_view(), name="release-clip"),
    path("clips/<uuid:uid>/audio/", contents.ReleaseClipAudio.as_view(), name="release-clip-audio"),
    path("selection/", parts.ReleaseSelection.as_view(), name="release-selection"),
    path("archive/", parts.ReleaseArchive.as_view(), name="release-archive"),
    path("manifest/", parts.ReleaseManifest.as_view(), name="release-manifest"),
    path("flavours/", parts.ReleaseFlavours.as_view(), name="release-flavours"),
    path("tables/<table:table>.parquet", contents.ReleaseTable.as_view(), name="release-table"),
]

DATASET: Routes = [
    path("", datasets.OneDataset.as_view(), name="dataset"),
    path("clips/", clips.Clips.as_view(), name="clips"),
    path("clips/remove/", clips.ClipRemovals.as_view(), name="clip-removals"),
    path("clips/<uuid:uid>/", clips.OneClip.as_view(), name="clip"),
    path("clips/<uuid:uid>/events/", clips.ClipEvents.as_view(), name="clip-events"),
    path("uploads/", uploads.Uploads.as_view(), name="uploads"),
    path("uploads/<uuid:upload>/", include(UPLOAD)),
    path("clips/<uuid:uid>/audio/", contents.DraftClipAudio.as_view(), name="clip-audio"),
    path("clips/<uuid:uid>/participations/", rights.Participations.as_view(), name="people"),
    path("events/verifications/", clips.EventVerifications.as_view(), name="event-verifications"),
    path("events/", imports.DraftEvents.as_view(), name="draft-events"),
    path("recordings/", clips.Recordings.as_view(), name="recordings"),
    path("licence/", rights.DraftLicence.as_view(), name="draft-licence"),
    path("consent-coverage/", rights.DraftCoverage.as_view(), name="draft-coverage"),
    path("scans/", privacy.Scans.as_view(), name="scans"),
    path("findings/", privacy.Findings.as_view(), name="findings"),
    *review_urls.OF_DATASET,
    path("stops/", review_record.Stops.as_view(), name="stops"),
    path(
        "stops/<uuid:uid>/confirm/", review_record.StopConfirmation.as_view(), name="stop-confirm"
    ),
    path("stops/<uuid:uid>/lift/", review_record.StopLift.as_view(), name="stop-lift"),
    path("documents/", review_record.Documents.as_view(), name="documents"),
    path("documents/<uuid:uid>/", review_record.DocumentContent.as_view(), name="document-content"),
    path(
        "documents/<uuid:uid>/retire/",
        review_record.DocumentRetirement.as_view(),
        name="document-retire",
    ),
    path("publications/", publishing.Publications.as_view(), name="publications"),
    path("access-requests/", access.AccessRequests.as_view(), name="access-requests"),
    path("entitlements/", access.Entitlements.as_view(), name="entitlements"),
    path(
        "entitlements/revoke/",
        access.EntitlementRevocations.as_view(),
        name="entitlement-revocations",
    ),
    path("activity/", audit.DatasetActivity.as_view(), name="activity"),
    path("lowerings/", lowerings.Lowerings.as_view(), name="lowerings"),
    path(
        "lowerings/<uuid:uid>/confirm/",
        lowerings.LoweringConfirmation.as_view(),
        name="lowering-confirm",
    ),
    path(
        "lowerings/<uuid:uid>/refuse/",
        lowerings.LoweringRefusal.as_view(),
        name="lowering-refuse",
    ),
    path(
        "lowerings/<uuid:uid>/cancel/",
        lowerings.LoweringCancellation.as_view(),
        name="lowering-cancel",
    ),
    path("access-changes/", access_changes.AccessChanges.as_view(), name="access-changes"),
    path(
        "access-changes/<uuid:uid>/confirm/",
        access_changes.AccessChangeConfirmation.as_view(),
        name="access-change-confirm",
    ),
    path(
        "access-changes/<uuid:uid>/refuse/",
        access_changes.AccessChangeRefusal.as_view(),
        name="access-change-refuse",
    ),
    path(
        "access-changes/<uuid:uid>/cancel/",
        access_changes.AccessChangeCancellation.as_view(),
        name="access-change-cancel",
    ),
    path("receipts/", access.Receipts.as_view(), name="receipts"),
    path("refusals/", access.Refusals.as_view(), name="refusals"),
    path("access-terms/", agreements.AccessTermsList.as_view(), name="access-terms"),
    path(
        "access-terms/acceptances/",
        agreements.AccessTermsAcceptances.as_view(),
        name="access-terms-acceptances",
    ),
    path("releases/", releases.Releases.as_view(), name="releases"),
    path("dry-runs/", releases.ReleaseDryRuns.as_view(), name="dry-runs"),
    path("releases/<version:version>/", include(RELEASE)),
]

urlpatterns: Routes = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="api:schema"), name="docs"),
    path("whoami/", accounts.Whoami.as_view(), name="whoami"),
    path("tokens/", accounts.Tokens.as_view(), name="tokens"),
    path("tokens/<int:token_id>/", accounts.OneToken.as_view(), name="token"),
    path("organisations/", accounts.Organisations.as_view(), name="organisations"),
    path("organisations/<name:organisation>/", include(ORGANISATION)),
    path("vocabularies/", vocabularies.Vocabularies.as_view(), name="vocabularies"),
    path(
        "vocabularies/<name:vocabulary>/<word:edition>/",
        vocabularies.OneVocabulary.as_view(),
        name="vocabulary",
    ),
    path(
        "vocabularies/<name:vocabulary>/<word:edition>/terms/",
        vocabularies.Terms.as_view(),
        name="terms",
    ),
    path("datasets/", datasets.Datasets.as_view(), name="datasets"),
    path("datasets/<name:organisation>/<name:name>/", include(DATASET)),
    path("findings/<uuid:uid>/", privacy.OneFinding.as_view(), name="finding"),
    path(
        "findings/<uuid:uid>/decision/",
        privacy.FindingDecision.as_view(),
        name="finding-decision",
    ),
    *review_urls.ALONE,
    path("access-requests/", access.MyAccessRequests.as_view(), name="my-access-requests"),
    path(
        "access-requests/to-answer/",
        access.AccessRequestsToAnswer.as_view(),
        name="access-requests-to-answer",
    ),
    path("entitlements/", access.MyEntitlements.as_view(), name="my-entitlements"),
    path("agreements/<uuid:uid>/", agreements.OneAgreement.as_view(), name="agreement"),
    path("agreements/<uuid:uid>/seats/", agreements.Seats.as_view(), name="agreement-seats"),
    path(
        "agreements/<uuid:uid>/seats/<word:username>/",
        agreements.OneSeat.as_view(),
        name="agreement-seat",
    ),
    path("notices/", agreements.Notices.as_view(), name="notices"),
    path("notices/read/", agreements.NoticesRead.as_view(), name="notices-read"),
    path("access-requests/<uuid:uid>/", access.OneAccessRequest.as_view(), name="access-request"),
    path(
        "access-requests/<uuid:uid>/grant/",
        access.AccessRequestGrant.as_view(),
        name="access-request-grant",
    ),
    path(
        "access-requests/<uuid:uid>/refuse/",
        access.AccessRequestRefusal.as_view(),
        name="access-request-refuse",
    ),
    path("signed/", parts.SignedObject.as_view(), name="signed"),
    path("jobs/", jobs.Jobs.as_view(), name="jobs"),
    path("jobs/<uuid:uid>/", jobs.OneJob.as_view(), name="job"),
    path("jobs/<uuid:uid>/cancel/", jobs.JobCancellation.as_view(), name="job-cancel"),
    re_path(r"^.*$", unknown_addresses.UnknownAddress.as_view()),
]
