"""Addresses of the hub door: the Hub's own, at the root."""

from django.urls import re_path

from apps.doors.hub import catalogue, files

DATASET = r"(?P<dataset>[^/]+/[^/]+)"
# Clients write the slash of a reference's full name as %2F, which arrives as a slash.
REVISION = r"(?P<revision>refs/[^/]+/[^/]+|[^/]+)"
API = rf"^api/datasets/{DATASET}"

app_name = "hub"
urlpatterns = [
    re_path(r"^api/whoami-v2$", catalogue.whoami, name="whoami"),
    re_path(r"^api/agent-harnesses$", catalogue.harnesses),
    re_path(r"^api/telemetry/", catalogue.telemetry),
    re_path(r"^api/datasets/?$", catalogue.datasets, name="datasets"),
    re_path(rf"{API}/?$", catalogue.dataset, name="dataset"),
    re_path(rf"{API}/revision/{REVISION}$", catalogue.dataset, name="revision"),
    re_path(rf"{API}/refs$", catalogue.references, name="references"),
    re_path(rf"{API}/commits/{REVISION}$", catalogue.commits, name="commits"),
    re_path(rf"{API}/auth-check(?:/(?P<write>write))?$", catalogue.auth_check, name="auth_check"),
    re_path(rf"{API}/tree/{REVISION}(?:/(?P<path>.*))?$", files.tree, name="tree"),
    re_path(rf"{API}/paths-info/{REVISION}/?$", files.paths_info, name="paths_info"),
    re_path(
        rf"^datasets/{DATASET}/resolve/{REVISION}/(?P<path>.+)$", files.resolve, name="resolve"
    ),
    re_path(r"^api/(?!v1/)", catalogue.nothing),
]
