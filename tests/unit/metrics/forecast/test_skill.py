import numpy as np
import pytest

from apps.metrics.forecast.skill import Skill, recent_skill, skill_score


def test_skill_is_the_share_of_the_references_error_that_is_saved():
    truth, reference = np.array([10.0, 10.0]), np.array([6.0, 14.0])
    assert skill_score(truth, np.array([9.0, 11.0]), reference=reference) == pytest.approx(0.75)
    assert skill_score(truth, np.array([0.0, 10.0]), reference=reference) == pytest.approx(-0.25)
    assert skill_score(truth, truth, reference=truth) is None


def test_a_noisy_daily_pattern_has_proven_skill():
    hours = np.arange(336)
    history = 50 + 20 * np.sin(2 * np.pi * hours / 24) + np.random.default_rng(2).normal(0, 3, 336)
    skill = recent_skill(history)
    assert skill.is_proven
    assert skill.against_yesterday is not None
    assert 0.1 < skill.against_yesterday < 0.5


def test_a_random_walk_has_no_proven_skill_worth_speaking_of():
    skill = recent_skill(500 + np.cumsum(np.random.default_rng(8).normal(0, 1, 336)))
    assert skill.against_last_value is not None
    assert skill.against_last_value < 0.15


def test_too_short_a_history_says_nothing():
    assert recent_skill(np.ones(60)) == Skill(None, None)
    assert not Skill(None, 0.5).is_proven
    assert not Skill(0.5, -0.1).is_proven
