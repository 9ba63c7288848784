"""The addresses of the pages."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from apps.doors.web import converters  # noqa: F401 - registers what the addresses use
from apps.doors.web.review_urls import review_patterns
from apps.doors.web.views import (
    access,
    account,
    clips,
    consent,
    consent_forms,
    croissant,
    datasets,
    description,
    home,
    imports,
    jobs,
    labels,
    lowerings,
    my_access,
    organisations,
    parts,
    record,
    releases,
    rights,
    splits,
    styleguide,
    targets,
    terms,
    tokens,
    vocabularies,
)
from apps.doors.web.views.review import of_dataset

app_name = "web"

to_dataset = RedirectView.as_view(pattern_name="web:dataset_overview", query_string=True)
to_organisation = RedirectView.as_view(pattern_name="web:organisation")

account_patterns: list[URLPattern] = [
    path("sign-in/", account.SignIn.as_view(), name="sign_in"),
    path("sign-out/", account.SignOut.as_view(), name="sign_out"),
    path("password/", account.PasswordChange.as_view(), name="password_change"),
    path("password/changed/", account.PasswordChanged.as_view(), name="password_changed"),
    path("password/reset/", account.PasswordReset.as_view(), name="password_reset"),
    path("password/reset/sent/", account.PasswordResetSent.as_view(), name="password_reset_sent"),
    path("password/reset/done/", account.PasswordSet.as_view(), name="password_set"),
    path(
        "password/reset/<uidb64>/<token>/",
        account.PasswordResetConfirm.as_view(),
        name="password_reset_confirm",
    ),
]

clip_patterns: list[URLPattern] = [
    path("", clips.page, name="dataset_clip"),
    path("audio", clips.audio, name="dataset_clip_audio"),
    path("peaks.json", clips.outline, name="dataset_clip_peaks"),
    path("remove/", clips.remove, name="dataset_clip_remove"),
    path("verify/", clips.verify, name="dataset_clip_verify"),
]

dataset_patterns: list[URLPattern | URLResolver] = [
    path("", datasets.overview, name="dataset_overview"),
    path("croissant.json", croissant.describe, name="dataset_croissant"),
    path("settings/", datasets.settings, name="dataset_settings"),
    path("settings/splits/", splits.policy, name="dataset_splits"),
    path("description/", description.edit, name="dataset_description"),
    path("clips/", clips.listing, name="dataset_clips"),
    path("clips/<uuid:uid>/", include(clip_patterns)),
    path("imports/", imports.clips, name="dataset_imports"),
    path("labels/import/", imports.labels, name="dataset_label_import"),
    path("labels/", labels.overview, name="dataset_labels"),
    path("rights/", rights.of_dataset, name="dataset_rights"),
    path("rights/drop/", rights.drop, name="dataset_rights_drop"),
    path("consent/", consent.of_dataset, name="dataset_consent"),
    path("privacy/", of_dataset.page, name="dataset_privacy"),
    path("privacy/scan/", of_dataset.scan, name="dataset_scan"),
    path("stops/", record.stops, name="dataset_stops"),
    path("stops/<uuid:uid>/<slug:verb>/", record.stop_step, name="dataset_stop_step"),
    path("documents/", record.documents, name="dataset_documents"),
    path("documents/<uuid:uid>/", record.document, name="dataset_document"),
    path("documents/<uuid:uid>/retire/", record.retire, name="dataset_document_retire"),
    path("releases/<page_version:version>/checklist/", record.checklist, name="dataset_checklist"),
    path("releases/<page_version:version>/report/", record.report, name="dataset_report"),
    path("releases/", releases.listing, name="dataset_releases"),
    path("releases/new/", releases.create, name="dataset_release_new"),
    path("releases/compare/", releases.compare, name="dataset_compare"),
    path("releases/<page_version:version>/", releases.page, name="dataset_release"),
    path("releases/<page_version:version>/part/", parts.page, name="dataset_part"),
    path("releases/<page_version:version>/part/keep/", parts.keep, name="dataset_part_keep"),
    path("releases/<page_version:version>/part/make/", parts.make, name="dataset_part_flavour"),
    path(
        "releases/<page_version:version>/to/<page_name:target>/",
        targets.plan,
        name="dataset_release_plan",
    ),
    path(
        "releases/<page_version:version>/<slug:verb>/", releases.step, name="dataset_release_step"
    ),
    path("access/", access.of_dataset, name="dataset_access"),
    path("access/cancel/", access.cancel, name="dataset_access_cancel"),
    path("access/accept/", access.accept, name="dataset_access_accept"),
    path("access/revoke/", access.revoke, name="dataset_access_revoke"),
    path("lowerings/<uuid:uid>/", lowerings.answer, name="dataset_lowering"),
    path("access/changes/<uuid:uid>/", access.change, name="dataset_access_change"),
    path("access/settings/", access.settings, name="dataset_access_settings"),
    path("activity/", access.activity, name="dataset_activity"),
]

organisation_patterns: list[URLPattern] = [
    path("", organisations.page, name="organisation"),
    path("members/", organisations.members, name="members"),
    path("members/drop/", organisations.drop_member, name="member_drop"),
    path("contributors/", consent.contributors, name="contributors"),
    path("consents/import/", imports.consents, name="consent_import"),
    path("contributors/<page_code:code>/", consent.contributor, name="contributor"),
    path("minors/<page_code:code>/", consent_forms.minor, name="contributor_minor"),
    path("of-age/<page_code:code>/", consent_forms.of_age, name="contributor_of_age"),
    path("consents/<uuid:uid>/correct/", consent_forms.correct, name="consent_correct"),
    path("consent-forms/", consent_forms.listing, name="consent_forms"),
    path("consent-forms/<uuid:uid>/", consent_forms.page, name="consent_form"),
    path(
        "consent-forms/<uuid:uid>/reaches/<int:reach>/end/",
        consent_forms.end_reach,
        name="form_reach_end",
    ),
    path("agreements/", my_access.agreements, name="agreements"),
    path("agreements/<uuid:uid>/seats/", my_access.seat, name="agreement_seats"),
    path("terms/", terms.listing, name="own_terms"),
    path("targets/", targets.listing, name="targets"),
    path("targets/<page_name:name>/", targets.edit, name="target"),
    path("targets/<page_name:name>/check/", targets.check, name="target_check"),
    path("log/", organisations.audit, name="audit"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("theme/", account.choose_theme, name="theme"),
    path("account/", include(account_patterns)),
    path("tokens/", tokens.listing, name="tokens"),
    path("tokens/<int:token_id>/revoke/", tokens.revoke, name="token_revoke"),
    path("datasets/", datasets.listing, name="datasets"),
    path("new/dataset/", datasets.create, name="dataset_create"),
    path("datasets/<page_name:organisation>/<page_name:name>/", include(dataset_patterns)),
    path("access/", my_access.mine, name="my_access"),
    path("access/read/", my_access.read, name="notices_read"),
    path("access/<uuid:uid>/answer/", access.answer, name="access_answer"),
    path("organisations/", organisations.mine, name="organisations"),
    path("new/organisation/", organisations.create, name="organisation_create"),
    path("organisations/<page_name:organisation>/", include(organisation_patterns)),
    path("vocabularies/", vocabularies.listing, name="vocabularies"),
    path("vocabularies/<page_name:name>/<str:version>/", vocabularies.page, name="vocabulary"),
    path("review/", include(review_patterns)),
    path("jobs/", jobs.listing, name="jobs"),
    path("jobs/<uuid:uid>/", jobs.page, name="job"),
    path("jobs/<uuid:uid>/progress/", jobs.progress, name="job_progress"),
    path("jobs/<uuid:uid>/again/", imports.again, name="import_again"),
    path("jobs/<uuid:uid>/cancel/", jobs.cancel, name="job_cancel"),
    # The same addresses without the slash, as people and error messages write them.
    path("datasets", RedirectView.as_view(pattern_name="web:datasets", query_string=True)),
    path("datasets/<page_name:organisation>/<page_name:name>", to_dataset),
    path("organisations/<page_name:organisation>", to_organisation),
    path("review", RedirectView.as_view(pattern_name="web:review")),
    path("tokens", RedirectView.as_view(pattern_name="web:tokens")),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
    path("styleguide/tones.wav", styleguide.tones, name="styleguide_tones"),
]
