"""How long the laws of the rules may take to check."""

from hypothesis import HealthCheck, settings

# Time on a shared machine says nothing about a law; the suite's own timeout catches a hang.
settings.register_profile("rules", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rules")
