"""Hypothesis for all tests: on a machine of any speed, and under any load."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "any_speed",
    settings.get_profile(settings.get_current_profile_name()),  # "ci" where CI is set: the same examples each time
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any_speed")
