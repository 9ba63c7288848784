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
    re_path(r"^api/whoami-v2$", catalogue.show_identity, name="whoami"),
    re_path(r"^api/agent-harnesses$", catalogue.list_harnesses),
    re_path(r"^api/telemetry/", catalogue.ignore_telemetry),
    re_path(r"^api/datasets/?$", catalogue.list_datasets, name="datasets"),
    re_path(rf"{API}/?$", catalogue.show_dataset, name="dataset"),
    re_path(rf"{API}/revision/{REVISION}$", catalogue.show_dataset, name="revision"),
    re_path(rf"{API}/refs$", catalogue.list_references, name="references"),
    re_path(rf"{API}/commits/{REVISION}$", catalogue.list_commits, name="commits"),
    re_path(rf"{API}/auth-check(?:/(?P<write>write))?$", catalogue.check_access, name="auth_check"),
    re_path(rf"{API}/tree/{REVISION}(?:/(?P<path>.*))?$", files.list_tree, name="tree"),
    re_path(rf"{API}/paths-info/{REVISION}/?$", files.describe_paths, name="paths_info"),
    re_path(
        rf"^datasets/{DATASET}/resolve/{REVISION}/(?P<path>.+)$", files.serve_file, name="resolve"
    ),
    re_path(r"^api/validate-yaml$", commits.validate_yaml),
    re_path(r"^api/repos/create$", repositories.create_repository),
    re_path(r"^api/repos/delete$", repositories.refuse_deletion),
    re_path(r"^api/repos/move$", repositories.refuse_move),
    re_path(rf"{API}/preupload/{REVISION}$", commits.plan_uploads),
    re_path(rf"{API}/commit/{REVISION}$", commits.take_commit, name="commit"),
    re_path(rf"{API}/settings$", repositories.change_settings),
    re_path(rf"{API}/branch/(?P<name>.+)$", repositories.answer_branch),
    re_path(rf"{API}/tag/{REVISION}$", repositories.request_release),
    re_path(rf"{API}/super-squash/{REVISION}$", repositories.refuse_squash),
    re_path(
        rf"{API}/user-access-request/(?P<status>pending|accepted|rejected)$",
        access_requests.list_requests,
    ),
    re_path(rf"{API}/user-access-request/handle$", access_requests.answer_request),
    re_path(rf"{API}/user-access-request/grant$", access_requests.let_person_in),
    re_path(rf"{API}/xet-write-token/{REVISION}$", xet.issue_write_token),
    re_path(rf"{CHUNKS}/v1/xorbs/[^/]+/(?P<name>[0-9a-f]{{64}})$", xet.receive_xorb),
    re_path(rf"{CHUNKS}/v1/shards$", xet.receive_shard),
    re_path(rf"{CHUNKS}/", xet.refuse_unknown_chunks),
    re_path(rf"^datasets/{DATASET}\.git/info/lfs/objects/batch$", lfs.plan_batch),
    re_path(rf"^datasets/{DATASET}\.git/info/lfs/verify$", lfs.verify_object),
    re_path(r"^pushes/lfs-put/(?P<text>[^/]+)$", lfs.put_whole_object),
    re_path(r"^pushes/lfs-part/(?P<text>[^/]+)$", lfs.put_one_part),
    re_path(r"^pushes/lfs-join/(?P<text>[^/]+)$", lfs.join_object),
    re_path(r"^api/(?!v1/)", catalogue.refuse_unknown_address),
]
