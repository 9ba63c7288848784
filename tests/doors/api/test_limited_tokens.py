"""What tokens that are limited to a dataset, or to downloading, see over REST."""

import pytest
from django.test import Client

from apps.access.actions import grant_access
from apps.accounts.models import Token, User
from apps.accounts.tokens import create_token
from apps.datasets.models import Dataset
from apps.jobs.actions import start_job
from tests.cast import Cast
from tests.factories.published import make_dataset, make_release

pytestmark = pytest.mark.django_db
API = "/api/v1/"


@pytest.fixture
def two(cast: Cast) -> list[Dataset]:
    """Birds, to which Ada's token is limited, and owls, which are open."""
    birds = make_dataset(cast.acme, cast.ada)
    owls = make_dataset(cast.acme, cast.ada, name="owls", access="open")
    for dataset in (birds, owls):
        make_release(dataset, commit="c" * 40)
        start_job(
            actor=cast.ada,
            kind_name="jobs.nothing",
            subject=dataset.full_name,
            organisation=cast.acme,
        )
    return [birds, owls]


def limited(user: User, scope: str = Token.Scope.ADMIN, *datasets: str) -> Client:
    text = create_token(actor=user, name="test", scope=scope, datasets=datasets).text
    return Client(headers={"Authorization": f"Bearer {text}"})


def test_a_limited_token_sees_one_dataset_and_nothing_else(two: list[Dataset], cast: Cast) -> None:
    client = limited(cast.ada, Token.Scope.ADMIN, "acme/birds")
    listed = client.get(f"{API}datasets/").json()["results"]
    assert [row["full_name"] for row in listed] == ["acme/birds"]
    jobs = client.get(f"{API}jobs/").json()["results"]
    assert {row["subject"] for row in jobs} == {"acme/birds"}
    statuses = {
        path: client.get(f"{API}{path}").status_code
        for path in (
            "datasets/acme/birds/",
            "datasets/acme/birds/clips/",
            "datasets/acme/birds/releases/1.0.0/",
            "datasets/acme/owls/",
            "datasets/acme/owls/clips/",
            "datasets/acme/owls/releases/1.0.0/",
            "organisations/acme/",
            "organisations/acme/members/",
            "organisations/acme/audit/",
        )
    }
    assert list(statuses.values()) == [200, 200, 200, 404, 404, 404, 404, 404, 404]
    assert client.get(f"{API}organisations/").json()["results"] == []
    assert client.get(f"{API}whoami/").json()["token_datasets"] == ["acme/birds"]


def test_a_limited_token_makes_nothing_wider_than_itself(two: list[Dataset], cast: Cast) -> None:
    client = limited(cast.ada, Token.Scope.ADMIN, "acme/birds")
    for path, body in (
        ("tokens/", {"name": "wide"}),
        ("organisations/", {"name": "mine"}),
    ):
        answer = client.post(f"{API}{path}", body, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (403, "access.token_limited")
    new = {"organisation": "acme", "name": "new", "vertical": "wildlife"}
    answer = client.post(f"{API}datasets/", new, content_type="application/json")
    assert answer.status_code == 404
    assert len(client.get(f"{API}tokens/").json()["results"]) == 1


def test_a_token_for_downloading_sees_what_was_released(two: list[Dataset], cast: Cast) -> None:
    make_release(two[0], "2.0.0", state="frozen", commit="d" * 40)  # type: ignore[arg-type]  # a state by its name
    Dataset.objects.filter(name="birds").update(access="organisation")
    client = limited(cast.ada, Token.Scope.DOWNLOAD)
    birds = f"{API}datasets/acme/birds/"
    paths = ("", "releases/1.0.0/tables/clips.parquet", "releases/2.0.0/", "clips/")
    answers = [client.get(f"{birds}{path}") for path in paths]
    for answer in answers:
        answer.getvalue()
    assert [answer.status_code for answer in answers] == [200, 200, 404, 403]
    assert client.get(f"{API}organisations/").json()["results"] == []
    body = {"title": "Changed"}
    answer = client.patch(birds, body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "request.token_scope")


def test_a_limited_token_hides_open_datasets_at_other_doors(two: list[Dataset], cast: Cast) -> None:
    grant_access(
        actor=cast.ada, dataset=two[0], holder=cast.dan, purposes=["research.noncommercial"]
    )
    client = limited(cast.dan, Token.Scope.READ, "acme/birds")
    table = make_release(two[1], "3.0.0", commit="f" * 40).clips_table
    assert table is not None
    assert client.get("/api/datasets/acme/owls").status_code == 404
    assert client.get("/git/acme/owls.git/info/refs?service=git-upload-pack").status_code == 404
    dvc = f"/dvc/acme/owls/files/md5/{table.oid[:2]}/{table.oid[2:]}"
    assert client.get(dvc).status_code == 404


@pytest.mark.parametrize("name", ["birds", "acme/", "acme/birds/x", "Acme/birds"])
def test_a_token_is_limited_to_what_is_there(two: list[Dataset], cast: Cast, name: str) -> None:
    client = limited(cast.ada)
    body = {"name": "lab", "datasets": [name]}
    answer = client.post(f"{API}tokens/", body, content_type="application/json")
    assert answer.status_code in {400, 404}
