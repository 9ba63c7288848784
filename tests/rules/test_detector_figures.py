"""The measured figures are of the detectors that run, and are said as counts."""

import pytest

from apps.detection.detectors.registry import list_current_versions
from datasets_catalog.detector_figures import describe_nothing_found, list_figures, load_figures
from datasets_catalog.privacy_profiles import PROFILES


def test_every_figure_is_of_a_detector_in_its_present_version() -> None:
    for figure in load_figures():
        versions = {each.name: each.version for each in list_current_versions(figure.profile)}
        names, measured = figure.detector.split(" + "), figure.version.split(" + ")
        assert [versions[name] for name in names] == measured, figure.detector


def test_the_figures_of_a_detector_are_those_of_its_version() -> None:
    (alone,) = list_figures("second_opinion", "1")
    assert (alone.profile, alone.voices) == ("sensitive", (647, 680))
    assert list_figures("second_opinion", "0") == ()
    assert list_figures("cells", "1") == ()


def test_counts_are_possible() -> None:
    for figure in load_figures():
        counts = [each for each in (figure.voices, figure.sounds) if each is not None]
        for found, of in (*counts, *figure.mixed.values()):
            assert 0 <= found <= of
            assert of >= 15


@pytest.mark.parametrize("profile", PROFILES)
def test_each_profile_says_what_nothing_found_is_worth(profile: str) -> None:
    figure = next(
        each for each in load_figures() if each.mixed and each.profile in {profile, "standard"}
    )
    assert f"of {figure.mixed['0'][1]} were missed" in describe_nothing_found(profile)
    assert 0 <= figure.compute_missed_share("0") < figure.compute_missed_share("-10")
