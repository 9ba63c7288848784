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
    releases,
    review_record,
    rights,
    splits,
    styleguide,
    targets,
    terms,
    tokens,
    vocabularies,
)
from apps.doors.web.views.review import dataset_review

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
    path("", clips.show_clip, name="dataset_clip"),
    path("audio", clips.serve_clip_audio, name="dataset_clip_audio"),
    path("peaks.json", clips.serve_clip_outline, name="dataset_clip_peaks"),
    path("remove/", clips.remove_clip, name="dataset_clip_remove"),
    path("verify/", clips.verify_clip_events, name="dataset_clip_verify"),
]

dataset_patterns: list[URLPattern | URLResolver] = [
    path("", datasets.show_dataset, name="dataset_overview"),
    path("croissant.json", croissant.serve_description, name="dataset_croissant"),
    path("settings/", datasets.edit_dataset_settings, name="dataset_settings"),
    path("settings/splits/", splits.edit_split_policy, name="dataset_splits"),
    path("description/", description.edit_description, name="dataset_description"),
    path("clips/", clips.list_clips, name="dataset_clips"),
    path("clips/<uuid:uid>/", include(clip_patterns)),
    path("imports/", imports.import_clip_archive, name="dataset_imports"),
    path("labels/import/", imports.import_label_file, name="dataset_label_import"),
    path("labels/", labels.show_labels, name="dataset_labels"),
    path("rights/", rights.show_draft_licence, name="dataset_rights"),
    path("rights/drop/", rights.drop_conflicting_clips, name="dataset_rights_drop"),
    path("consent/", consent.show_coverage, name="dataset_consent"),
    path("privacy/", dataset_review.show_dataset_review, name="dataset_privacy"),
    path("privacy/scan/", dataset_review.start_dataset_scan, name="dataset_scan"),
    path("stops/", review_record.list_stops, name="dataset_stops"),
    path("stops/<uuid:uid>/<slug:verb>/", review_record.take_stop_step, name="dataset_stop_step"),
    path("documents/", review_record.list_documents, name="dataset_documents"),
    path("documents/<uuid:uid>/", review_record.serve_document, name="dataset_document"),
    path(
        "documents/<uuid:uid>/retire/",
        review_record.retire_dataset_document,
        name="dataset_document_retire",
    ),
    path(
        "releases/<page_version:version>/checklist/",
        review_record.show_checklist,
        name="dataset_checklist",
    ),
    path(
        "releases/<page_version:version>/report/", review_record.show_report, name="dataset_report"
    ),
    path("releases/", releases.list_releases, name="dataset_releases"),
    path("releases/new/", releases.add_release, name="dataset_release_new"),
    path("releases/compare/", releases.compare_releases, name="dataset_compare"),
    path("releases/<page_version:version>/", releases.show_release, name="dataset_release"),
    path("releases/<page_version:version>/part/", parts.show_part, name="dataset_part"),
    path(
        "releases/<page_version:version>/part/keep/", parts.keep_clip_list, name="dataset_part_keep"
    ),
    path(
        "releases/<page_version:version>/part/make/",
        parts.make_flavour,
        name="dataset_part_flavour",
    ),
    path(
        "releases/<page_version:version>/to/<page_name:target>/",
        targets.show_publication_plan,
        name="dataset_release_plan",
    ),
    path(
        "releases/<page_version:version>/<slug:verb>/",
        releases.take_step,
        name="dataset_release_step",
    ),
    path("access/", access.show_dataset_access, name="dataset_access"),
    path("access/cancel/", access.cancel_access_request, name="dataset_access_cancel"),
    path("access/accept/", access.accept_dataset_terms, name="dataset_access_accept"),
    path("access/revoke/", access.revoke_dataset_access, name="dataset_access_revoke"),
    path("lowerings/<uuid:uid>/", lowerings.answer_lowering, name="dataset_lowering"),
    path("access/changes/<uuid:uid>/", access.decide_access_change, name="dataset_access_change"),
    path("access/settings/", access.edit_access_settings, name="dataset_access_settings"),
    path("activity/", access.show_activity, name="dataset_activity"),
]

organisation_patterns: list[URLPattern] = [
    path("", organisations.show_organisation, name="organisation"),
    path("members/", organisations.list_members, name="members"),
    path("members/drop/", organisations.drop_member, name="member_drop"),
    path("contributors/", consent.list_contributors, name="contributors"),
    path("consents/import/", imports.import_consent_table, name="consent_import"),
    path("contributors/<page_code:code>/", consent.show_contributor, name="contributor"),
    path(
        "minors/<page_code:code>/", consent_forms.record_contributor_minor, name="contributor_minor"
    ),
    path(
        "of-age/<page_code:code>/", consent_forms.mark_contributor_of_age, name="contributor_of_age"
    ),
    path(
        "consents/<uuid:uid>/correct/", consent_forms.correct_consent_record, name="consent_correct"
    ),
    path("consent-forms/", consent_forms.list_forms, name="consent_forms"),
    path("consent-forms/<uuid:uid>/", consent_forms.show_form, name="consent_form"),
    path(
        "consent-forms/<uuid:uid>/reaches/<int:reach>/end/",
        consent_forms.end_reach,
        name="form_reach_end",
    ),
    path("agreements/", my_access.list_agreements, name="agreements"),
    path("agreements/<uuid:uid>/seats/", my_access.change_seat, name="agreement_seats"),
    path("terms/", terms.list_own_terms, name="own_terms"),
    path("targets/", targets.list_targets, name="targets"),
    path("targets/<page_name:name>/", targets.edit_target, name="target"),
    path("targets/<page_name:name>/check/", targets.check_hub_target, name="target_check"),
    path("log/", organisations.show_log, name="audit"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.show_home, name="home"),
    path("theme/", account.choose_theme, name="theme"),
    path("account/", include(account_patterns)),
    path("tokens/", tokens.list_tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke/", tokens.revoke_own_token, name="token_revoke"),
    path("datasets/", datasets.list_datasets, name="datasets"),
    path("new/dataset/", datasets.add_dataset, name="dataset_create"),
    path("datasets/<page_name:organisation>/<page_name:name>/", include(dataset_patterns)),
    path("access/", my_access.show_my_access, name="my_access"),
    path("access/read/", my_access.mark_notices_read, name="notices_read"),
    path("access/<uuid:uid>/answer/", access.answer_access_request, name="access_answer"),
    path("organisations/", organisations.list_my_organisations, name="organisations"),
    path("new/organisation/", organisations.add_organisation, name="organisation_create"),
    path("organisations/<page_name:organisation>/", include(organisation_patterns)),
    path("vocabularies/", vocabularies.list_vocabularies, name="vocabularies"),
    path(
        "vocabularies/<page_name:name>/<str:version>/",
        vocabularies.show_vocabulary,
        name="vocabulary",
    ),
    path("review/", include(review_patterns)),
    path("jobs/", jobs.list_jobs, name="jobs"),
    path("jobs/<uuid:uid>/", jobs.show_job, name="job"),
    path("jobs/<uuid:uid>/progress/", jobs.show_job_progress, name="job_progress"),
    path("jobs/<uuid:uid>/again/", imports.repeat_import, name="import_again"),
    path("jobs/<uuid:uid>/cancel/", jobs.request_cancellation, name="job_cancel"),
    # The same addresses without the slash, as people and error messages write them.
    path("datasets", RedirectView.as_view(pattern_name="web:datasets", query_string=True)),
    path("datasets/<page_name:organisation>/<page_name:name>", to_dataset),
    path("organisations/<page_name:organisation>", to_organisation),
    path("review", RedirectView.as_view(pattern_name="web:review")),
    path("tokens", RedirectView.as_view(pattern_name="web:tokens")),
    path("styleguide/", styleguide.show_styleguide, name="styleguide"),
    path("styleguide/tones.wav", styleguide.serve_tones, name="styleguide_tones"),
]
