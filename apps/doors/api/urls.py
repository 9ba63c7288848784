"""Addresses of the REST door."""

from django.urls import include, path, re_path, register_converter
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from apps.doors.api import converters
from apps.doors.api.views import accounts, audit, clips, datasets, jobs, unknown, vocabularies

register_converter(converters.SlugConverter, "name")
register_converter(converters.WordConverter, "word")
register_converter(converters.Sha256Converter, "sha256")
register_converter(converters.VersionConverter, "version")

app_name = "api"

ORGANISATION = [
    path("", accounts.OneOrganisation.as_view(), name="organisation"),
    path("members/", accounts.Members.as_view(), name="members"),
    path("members/<word:username>/<word:role>/", accounts.OneMemberRole.as_view(), name="member"),
    path("audit/", audit.AuditEvents.as_view(), name="audit"),
]

DATASET = [
    path("", datasets.OneDataset.as_view(), name="dataset"),
    path("clips/", clips.Clips.as_view(), name="clips"),
    path("clips/remove/", clips.ClipRemovals.as_view(), name="clip-removals"),
    path("clips/<uuid:uid>/", clips.OneClip.as_view(), name="clip"),
    path("clips/<uuid:uid>/events/", clips.ClipEvents.as_view(), name="clip-events"),
    path("recordings/", clips.Recordings.as_view(), name="recordings"),
]

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="api:schema"), name="docs"),
    path("whoami/", accounts.Whoami.as_view(), name="whoami"),
    path("tokens/", accounts.Tokens.as_view(), name="tokens"),
    path("tokens/<int:token_id>/", accounts.OneToken.as_view(), name="token"),
    path("organisations/", accounts.Organisations.as_view(), name="organisations"),
    path("organisations/<name:organisation>/", include(ORGANISATION)),
    path("vocabularies/", vocabularies.Vocabularies.as_view(), name="vocabularies"),
    path(
        "vocabularies/<name:name>/<word:version>/",
        vocabularies.OneVocabulary.as_view(),
        name="vocabulary",
    ),
    path(
        "vocabularies/<name:name>/<word:version>/terms/",
        vocabularies.Terms.as_view(),
        name="terms",
    ),
    path("datasets/", datasets.Datasets.as_view(), name="datasets"),
    path("datasets/<name:organisation>/<name:name>/", include(DATASET)),
    path("jobs/", jobs.Jobs.as_view(), name="jobs"),
    path("jobs/<uuid:uid>/", jobs.OneJob.as_view(), name="job"),
    path("jobs/<uuid:uid>/cancel/", jobs.JobCancellation.as_view(), name="job-cancel"),
    re_path(r"^.*$", unknown.UnknownAddress.as_view()),
]
