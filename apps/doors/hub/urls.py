"""Addresses of the hub door: the Hub's own, at the root."""

from django.urls import re_path

from apps.doors.hub import access_requests, catalogue, commits, files, lfs, repositories, xet

DATASET = r"(?P<dataset>[^/]+/[^/]+)"
# Clients write the slash of a reference's full name as %2F, which arrives as a slash.
REVISION = r"(?P<revision>refs/[^/]+/[^/]+|[^/]+)"
API = rf"^api/datasets/{DATASET}"

# The day in the address is the client's: by it, it forgets what it sent.
CHUNKS = rf"^xet/{DATASET}/[0-9]{{8}}-[0-9a-f]{{8}}"

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
    re_path(r"^api/validate-yaml$", commits.validate_yaml),
    re_path(r"^api/repos/create$", repositories.create),
    re_path(r"^api/repos/delete$", repositories.delete),
    re_path(r"^api/repos/move$", repositories.move),
    re_path(rf"{API}/preupload/{REVISION}$", commits.preupload),
    re_path(rf"{API}/commit/{REVISION}$", commits.commit, name="commit"),
    re_path(rf"{API}/settings$", repositories.settings),
    re_path(rf"{API}/branch/(?P<name>.+)$", repositories.branch),
    re_path(rf"{API}/tag/{REVISION}$", repositories.tag),
    re_path(rf"{API}/super-squash/{REVISION}$", repositories.squash),
    re_path(
        rf"{API}/user-access-request/(?P<status>pending|accepted|rejected)$",
        access_requests.listing,
    ),
    re_path(rf"{API}/user-access-request/handle$", access_requests.handle),
    re_path(rf"{API}/user-access-request/grant$", access_requests.grant),
    re_path(rf"{API}/xet-write-token/{REVISION}$", xet.write_token),
    re_path(rf"{CHUNKS}/v1/xorbs/[^/]+/(?P<name>[0-9a-f]{{64}})$", xet.xorb),
    re_path(rf"{CHUNKS}/v1/shards$", xet.shard),
    re_path(rf"{CHUNKS}/", xet.unknown),
    re_path(rf"^datasets/{DATASET}\.git/info/lfs/objects/batch$", lfs.batch),
    re_path(rf"^datasets/{DATASET}\.git/info/lfs/verify$", lfs.verify),
    re_path(r"^pushes/lfs-put/(?P<text>[^/]+)$", lfs.put_whole),
    re_path(r"^pushes/lfs-part/(?P<text>[^/]+)$", lfs.put_one_part),
    re_path(r"^pushes/lfs-join/(?P<text>[^/]+)$", lfs.join),
    re_path(r"^api/(?!v1/)", catalogue.nothing),
]
