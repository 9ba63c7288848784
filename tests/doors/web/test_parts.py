"""The page on which a part of a release is chosen: who may see it, and what it amounts to."""

from pathlib import Path

import pytest

from apps.access.actions import grant_access
from apps.datasets.models import Dataset
from apps.deliveries.models import Choice
from tests.cast import Cast
from tests.doors.web.conftest import As, House
from tests.factories.drafts import PURPOSES, make_published

pytestmark = pytest.mark.django_db
PAGE = "/datasets/acme/tones/releases/1.0.0/part/"
RELEASE = "/datasets/acme/tones/releases/1.0.0/"


def test_only_who_may_take_the_release_may_choose_a_part(
    cast: Cast, house: House, as_user: As
) -> None:
    assert as_user(cast.ada).get(PAGE).status_code == 200
    assert as_user(cast.eve).get(PAGE).status_code == 403
    assert as_user(None).get(PAGE).status_code in {302, 401, 403}
    assert PAGE in as_user(cast.ada).get(RELEASE).content.decode()
    assert PAGE not in as_user(cast.eve).get(RELEASE).content.decode()


def test_the_address_carries_what_was_chosen(cast: Cast, house: House, as_user: As) -> None:
    page = as_user(cast.ada).get(f"{PAGE}?labels=tone-0&splits=test").content.decode()
    assert 'value="tone-0"\n                                 checked' in page
    archive = "/api/v1/datasets/acme/tones/releases/1.0.0/archive/?labels=tone-0&amp;splits=test"
    assert archive in page
    assert "curl -f -C - -o tones-1.0.0-" in page


def test_htmx_gets_the_amount_alone(cast: Cast, house: House, as_user: As) -> None:
    answer = as_user(cast.ada).get(f"{PAGE}?splits=test", headers={"HX-Request": "true"})
    assert answer.content.decode().strip().startswith('<section class="stack boxed"')


def test_a_list_of_clips_is_kept_and_a_wrong_one_is_named(
    cast: Cast, house: House, as_user: As
) -> None:
    ada = as_user(cast.ada)
    wrong = ada.post(f"{PAGE}keep/", {"clips": "field/000.wav\nfield/9.wav"}, follow=True)
    assert "no clip &#x27;field/9.wav&#x27;" in wrong.content.decode()
    kept = ada.post(f"{PAGE}keep/", {"clips": "field/003.wav\r\n\r\nfield/000.wav "})
    assert kept["Location"] == f"{PAGE}?selection={Choice.objects.get().sha256}"
    assert "Chosen by a list that is kept" in ada.get(kept["Location"]).content.decode()


@pytest.mark.parametrize(
    "query", ["labels=%22%3E%3Cb%3E", "flavour=x-y", "rate=1", "since=9.9.9", "selection=x"]
)
def test_odd_words_are_answered_in_words(cast: Cast, house: House, as_user: As, query: str) -> None:
    answer = as_user(cast.ada).get(f"{PAGE}?{query}")
    assert answer.status_code == 200
    assert "This cannot be taken." in answer.content.decode()
    assert "<b>" not in answer.content.decode()


def test_the_form_asks_what_for_where_there_is_a_choice(
    cast: Cast, tmp_path: Path, as_user: As
) -> None:
    make_published(cast, tmp_path, purposes=(*PURPOSES, "train.discriminative"))
    assert "What for" not in as_user(cast.ada).get(PAGE).content.decode()
    uses = ["research.noncommercial", "train.discriminative"]
    dataset = Dataset.objects.get(name="tones")
    grant_access(actor=cast.ada, dataset=dataset, holder=cast.eve, purposes=uses)
    page = as_user(cast.eve).get(f"{PAGE}?purpose=train.discriminative").content.decode()
    assert "What for" in page
    assert "archive/?purpose=train.discriminative" in page
    assert "publish.open" not in page
    assert "archive/?purpose" not in as_user(cast.eve).get(f"{PAGE}?purpose=fun").content.decode()
