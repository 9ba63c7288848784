"""Who may do what with a release, for the whole cast."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from apps.access.actions import grant_access, request_access, revoke_access
from apps.access.authorizations import (
    AccessRefusedError,
    Action,
    Binding,
    Code,
    ReleaseGoneError,
    ReleaseUnknownError,
    SignInNeededError,
)
from apps.access.authorize import Fit, authorize_action, judge_fit
from apps.access.models import Entitlement
from apps.accounts.access import Principal
from apps.accounts.models import Membership, Organisation
from apps.datasets.models import Dataset
from apps.releases.models import Release
from apps.releases.stops import place_stop
from datasets_catalog.purposes import Purpose
from datasets_catalog.release_states import ReleaseState
from datasets_catalog.roles import Role
from tests.cast import Cast
from tests.factories.published import GIVEN_OUT, make_dataset, make_release, set_access

pytestmark = pytest.mark.django_db

NOBODY = AnonymousUser()
Make = Callable[..., Release]


@pytest.fixture
def released(cast: Cast) -> Make:
    def make(access: str, state: ReleaseState = ReleaseState.PUBLISHED) -> Release:
        dataset = make_dataset(cast.acme, cast.ada, access=access)
        return make_release(dataset, state=state)

    return make


def codes(release: Release, cast: Cast, action: Action) -> dict[str, str]:
    """What a member, an entitled person, an outsider and nobody are told."""
    people: dict[str, Principal] = {
        "member": cast.olga,
        "entitled": cast.dan,
        "outsider": cast.eve,
        "nobody": NOBODY,
    }
    return {
        who: str(authorize_action(person, release, action).code) for who, person in people.items()
    }


def entitle(cast: Cast, release: Release) -> Entitlement:
    return grant_access(
        actor=cast.ada,
        dataset=release.dataset,
        holder=cast.dan,
        purposes=["research.noncommercial"],
    )


@pytest.mark.parametrize("action", list(Action))
def test_an_open_dataset_is_for_everyone(released: Make, cast: Cast, action: Action) -> None:
    release = released("open")
    for person in (cast.eve, NOBODY):
        answer = authorize_action(person, release, action)
        assert (answer.allowed, answer.binding) == (True, Binding.OPEN)


@pytest.mark.parametrize(
    ("action", "outsider", "nobody"),
    [
        (Action.VIEW, "access.open", "access.open"),
        (Action.LIST, "access.open", "access.sign_in"),
        (Action.PREVIEW, "access.request_needed", "access.sign_in"),
        (Action.DOWNLOAD, "access.request_needed", "access.sign_in"),
    ],
)
def test_a_dataset_on_request_shows_its_page_and_gives_its_bytes_to_those_let_in(
    released: Make, cast: Cast, action: Action, outsider: str, nobody: str
) -> None:
    release = released("request")
    entitle(cast, release)
    assert codes(release, cast, action) == {
        "member": "access.member",
        "entitled": "access.entitled",
        "outsider": outsider,
        "nobody": nobody,
    }


@pytest.mark.parametrize("action", list(Action))
def test_an_internal_dataset_looks_missing_to_everyone_outside(
    released: Make, cast: Cast, action: Action
) -> None:
    release = released("organisation")
    entitle(cast, release)
    assert codes(release, cast, action) == {
        "member": "access.member",
        "entitled": "access.entitled",
        "outsider": "release.unknown",
        "nobody": "release.unknown",
    }


@pytest.mark.parametrize(
    "state", [s for s in ReleaseState if s.value in {"draft", "frozen", "in_review", "approved"}]
)
def test_an_unpublished_release_is_seen_by_members_and_downloaded_by_nobody(
    released: Make, cast: Cast, state: ReleaseState
) -> None:
    release = released("open", state)
    assert codes(release, cast, Action.PREVIEW) == {
        "member": "access.member",
        "entitled": "release.unknown",
        "outsider": "release.unknown",
        "nobody": "release.unknown",
    }
    assert authorize_action(cast.olga, release, Action.DOWNLOAD).code is Code.UNPUBLISHED


def test_a_withdrawn_release_is_gone_for_everyone_and_names_its_successor(
    released: Make, cast: Cast
) -> None:
    release = released("open", ReleaseState.WITHDRAWN)
    make_release(release.dataset, "1.0.1")
    for person in (cast.olga, NOBODY):
        answer = authorize_action(person, release, Action.DOWNLOAD)
        assert answer.code is Code.WITHDRAWN
        assert "use version 1.0.1" in answer.reason
        assert authorize_action(person, release, Action.VIEW).allowed
    with pytest.raises(ReleaseGoneError):
        authorize_action(NOBODY, release, Action.LIST).require()


def test_nobody_is_sent_to_a_version_that_is_closed_itself(released: Make, cast: Cast) -> None:
    release = released("open", ReleaseState.WITHDRAWN)
    make_release(release.dataset, "1.0.1")
    stopped = make_release(release.dataset, "1.0.2")
    make_release(release.dataset, "1.0.3")
    later = (timezone.now() + timedelta(days=9)).isoformat()
    Dataset.objects.filter(pk=release.dataset_id).update(embargoes={"1.0.3": later})
    assert "use version 1.0.2" in authorize_action(NOBODY, release, Action.DOWNLOAD).reason
    place_stop(actor=cast.cleo, dataset=release.dataset, release=stopped, reason="a voice")
    assert "use version 1.0.1" in authorize_action(NOBODY, release, Action.DOWNLOAD).reason


def test_a_withdrawn_release_is_gone_only_for_those_who_could_have_it(
    released: Make, cast: Cast
) -> None:
    release = released("request", ReleaseState.WITHDRAWN)
    assert authorize_action(cast.eve, release, Action.DOWNLOAD).code is Code.REQUEST_NEEDED


def test_a_deprecated_release_is_given_with_a_warning(released: Make, cast: Cast) -> None:
    release = released("open", ReleaseState.DEPRECATED)
    make_release(release.dataset, "1.1.0")
    answer = authorize_action(NOBODY, release, Action.DOWNLOAD)
    assert answer.allowed
    assert answer.code is Code.DEPRECATED
    assert "Version 1.1.0 replaces it" in answer.reason


def test_a_grant_ends_by_itself(released: Make, cast: Cast) -> None:
    release = released("request")
    until = timezone.now() + timedelta(days=3)
    row = grant_access(
        actor=cast.ada,
        dataset=release.dataset,
        holder=cast.dan,
        until=until,
        purposes=["research.noncommercial"],
    )
    answer = authorize_action(cast.dan, release, Action.DOWNLOAD)
    assert (answer.allowed, answer.until, answer.entitlement_id) == (True, until, row.pk)
    Entitlement.objects.update(valid_until=timezone.now() - timedelta(seconds=1))
    answer = authorize_action(cast.dan, release, Action.DOWNLOAD)
    assert answer.code is Code.EXPIRED
    assert "ended on" in answer.reason


def test_of_several_grants_the_longest_is_told(released: Make, cast: Cast) -> None:
    release = released("request")
    soon = timezone.now() + timedelta(days=3)
    for until in (soon, None, soon + timedelta(days=1)):
        grant_access(
            actor=cast.ada,
            dataset=release.dataset,
            holder=cast.dan,
            until=until,
            purposes=["research.noncommercial"],
        )
    assert authorize_action(cast.dan, release, Action.DOWNLOAD).until is None


def test_a_grant_taken_back_is_over_at_once_and_says_so(released: Make, cast: Cast) -> None:
    release = released("request")
    entitle(cast, release)
    revoke_access(actor=cast.ada, dataset=release.dataset, holder=cast.dan)
    assert authorize_action(cast.dan, release, Action.DOWNLOAD).code is Code.REVOKED


def test_a_waiting_request_is_told(released: Make, cast: Cast) -> None:
    release = released("request")
    Dataset.objects.update(released_at=timezone.now())
    request_access(actor=cast.eve, dataset=release.dataset)
    assert authorize_action(cast.eve, release, Action.DOWNLOAD).code is Code.REQUEST_PENDING


def test_an_organisations_grant_reaches_its_members_and_ends_when_they_leave(
    released: Make, cast: Cast
) -> None:
    release = released("organisation")
    lab = Organisation.objects.create(name="lab", kind="company")
    seat = Membership.objects.create(user=cast.dan, organisation=lab, role=Role.AUDITOR)
    grant_access(
        actor=cast.ada, dataset=release.dataset, holder=lab, purposes=["research.noncommercial"]
    )
    assert authorize_action(cast.dan, release, Action.DOWNLOAD).binding is Binding.ENTITLEMENT
    assert not authorize_action(cast.eve, release, Action.DOWNLOAD).allowed
    seat.delete()
    assert not authorize_action(cast.dan, release, Action.DOWNLOAD).allowed


def test_an_account_that_was_switched_off_is_nobody(released: Make, cast: Cast) -> None:
    release = released("organisation")
    cast.olga.is_active = False
    cast.olga.save()
    assert authorize_action(cast.olga, release, Action.VIEW).code is Code.UNKNOWN


def test_refusals_become_the_errors_that_doors_translate(released: Make, cast: Cast) -> None:
    release = released("request")
    with pytest.raises(SignInNeededError):
        authorize_action(NOBODY, release, Action.DOWNLOAD).require()
    with pytest.raises(AccessRefusedError, match="ask for access on its page /datasets/acme/birds"):
        authorize_action(cast.eve, release, Action.DOWNLOAD).require()
    set_access("organisation")
    release.refresh_from_db()
    with pytest.raises(ReleaseUnknownError):
        authorize_action(cast.eve, release, Action.DOWNLOAD).require()


NONCOMMERCIAL, GENERATIVE = Purpose.RESEARCH_NONCOMMERCIAL, Purpose.TRAIN_GENERATIVE


@pytest.mark.parametrize(
    ("cleared", "granted", "expected"),
    [
        ({NONCOMMERCIAL}, None, Fit.COMPATIBLE),
        ({NONCOMMERCIAL}, {NONCOMMERCIAL}, Fit.COMPATIBLE),
        ({NONCOMMERCIAL, GENERATIVE}, {GENERATIVE}, Fit.NEEDS_PERSON),
        ({GENERATIVE}, {NONCOMMERCIAL}, Fit.INCOMPATIBLE),
        (set(), {NONCOMMERCIAL}, Fit.NEEDS_PERSON),
    ],
)
def test_a_purpose_fits_or_not_or_needs_a_person(
    cleared: set[Purpose], granted: set[Purpose] | None, expected: Fit
) -> None:
    named = None if granted is None else frozenset(granted)
    assert judge_fit(NONCOMMERCIAL, frozenset(cleared), named) is expected


def test_a_purpose_that_no_grant_names_needs_a_persons_answer(released: Make, cast: Cast) -> None:
    release = released("request")
    release = make_release(
        release.dataset, "1.1.0", purposes=[NONCOMMERCIAL, GENERATIVE, *GIVEN_OUT]
    )
    grant_access(actor=cast.ada, dataset=release.dataset, holder=cast.dan, purposes=[NONCOMMERCIAL])
    assert authorize_action(cast.dan, release, Action.DOWNLOAD, NONCOMMERCIAL).allowed
    answer = authorize_action(cast.dan, release, Action.DOWNLOAD, GENERATIVE)
    assert answer.code is Code.PURPOSE_OPEN
    grant_access(actor=cast.ada, dataset=release.dataset, holder=cast.dan, purposes=[GENERATIVE])
    assert authorize_action(cast.dan, release, Action.DOWNLOAD, GENERATIVE).allowed


def test_nobody_may_use_what_consent_does_not_cover(released: Make, cast: Cast) -> None:
    release = released("open")
    for person in (cast.olga, NOBODY):
        answer = authorize_action(person, release, Action.DOWNLOAD, Purpose.TRAIN_VOICE_SYNTHESIS)
        assert answer.code is Code.PURPOSE_REFUSED
        assert "research.noncommercial" in answer.reason


def test_consent_to_public_previews_lets_everyone_hear(released: Make, cast: Cast) -> None:
    release = released("request")
    release.cleared = [Purpose.PREVIEW_PUBLIC_CLIP.value]
    assert authorize_action(NOBODY, release, Action.PREVIEW).allowed
    assert not authorize_action(NOBODY, release, Action.DOWNLOAD).allowed


def test_an_open_door_needs_publish_open_and_says_so(released: Make, cast: Cast) -> None:
    release = released("open")
    release.cleared = [NONCOMMERCIAL.value]
    for person in (cast.eve, NOBODY):
        assert authorize_action(person, release, Action.VIEW).allowed
        for action in (Action.LIST, Action.PREVIEW, Action.DOWNLOAD):
            answer = authorize_action(person, release, action)
            assert answer.code is Code.NOT_CLEARED
            assert "publish.open" in answer.reason
    assert authorize_action(cast.olga, release, Action.DOWNLOAD).code is Code.MEMBER


def test_without_share_raw_audio_names_may_be_listed_and_nothing_taken(
    released: Make, cast: Cast
) -> None:
    release = released("open")
    release.cleared = [Purpose.PUBLISH_OPEN.value]
    assert authorize_action(NOBODY, release, Action.LIST).allowed
    answer = authorize_action(NOBODY, release, Action.DOWNLOAD)
    assert (answer.code, "share.raw_audio" in answer.reason) == (Code.NOT_CLEARED, True)


@pytest.mark.parametrize("access", ["request", "organisation"])
def test_a_grant_opens_nothing_that_was_not_released_behind_a_gate(
    released: Make, cast: Cast, access: str
) -> None:
    release = released(access)
    entitle(cast, release)
    release.cleared = [NONCOMMERCIAL.value, Purpose.SHARE_RAW_AUDIO.value]
    answer = authorize_action(cast.dan, release, Action.DOWNLOAD)
    assert (answer.code, "publish.gated" in answer.reason) == (Code.NOT_CLEARED, True)
    assert authorize_action(cast.dan, release, Action.LIST).code is Code.NOT_CLEARED
    stranger = Code.UNKNOWN if access == "organisation" else Code.NOT_CLEARED
    assert authorize_action(cast.eve, release, Action.DOWNLOAD).code is stranger


def test_a_release_that_is_for_a_gate_stays_behind_one_in_an_open_dataset(
    released: Make, cast: Cast
) -> None:
    release = released("open")
    gated = [NONCOMMERCIAL.value, Purpose.PUBLISH_GATED.value, Purpose.SHARE_RAW_AUDIO.value]
    release.cleared = gated
    assert authorize_action(NOBODY, release, Action.DOWNLOAD).code is Code.SIGN_IN
    assert authorize_action(cast.eve, release, Action.DOWNLOAD).code is Code.REQUEST_NEEDED
    entitle(cast, release)
    assert authorize_action(cast.dan, release, Action.DOWNLOAD).code is Code.ENTITLED


def test_a_release_for_some_territories_is_never_open(released: Make, cast: Cast) -> None:
    release = released("open")
    release.territories = ["EEA"]
    assert authorize_action(NOBODY, release, Action.DOWNLOAD).code is Code.SIGN_IN
    assert authorize_action(cast.eve, release, Action.DOWNLOAD).code is Code.REQUEST_NEEDED
