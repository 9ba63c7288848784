"""What the workbench's pages cost with 10,000 open clips, from request to the last byte.

    pytest -s tests/benchmarks/review_pages.py

The rows are those of `review_queue.py`; no sound is read.
"""

from functools import partial

import pytest
from django.test import Client

from apps.review.queue import list_visible_cases
from tests.benchmarks.review_queue import BUDGET, fill, slowest
from tests.cast import Cast


@pytest.mark.django_db
def test_no_page_of_the_workbench_takes_long(cast: Cast) -> None:
    dataset = fill(cast)[0].clip.dataset
    client = Client()
    client.force_login(cast.cleo)
    rows = list_visible_cases(cast.cleo, dataset=dataset)
    middle = rows[rows.count() // 2]
    queue = f"/review/?dataset={dataset.full_name}"
    pages = {
        "the queue": queue,
        "its next page": "/review/" + client.get(queue).context["page"].next_url,
        "filtered by kind": f"{queue}&kind=person_name",
        "a case in the middle": f"/review/clips/{middle.uid}/?dataset={dataset.full_name}",
        "alike": f"/review/alike/?dataset={dataset.full_name}&kind=speech",
    }
    print(f"\n{rows.count()} open clips")
    took = {name: slowest(partial(client.get, page)) for name, page in pages.items()}
    for name, seconds in took.items():
        print(f"{name}: {seconds * 1000:.0f} ms")
    assert max(took.values()) < BUDGET
