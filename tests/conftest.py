"""The whole suite's plugins and Hypothesis' pace; each app's own fixtures lie beside its tests."""

from hypothesis import HealthCheck, settings

# A machine that others share may take its time; that is no mistake of what is tested.
settings.register_profile("any pace", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any pace")

pytest_plugins = [
    "tests.lab.fixtures",
    "tests.plugins.actors",
    "tests.plugins.at_once",
    "tests.plugins.authority",
    "tests.plugins.browser",
    "tests.plugins.etcd",
    "tests.plugins.leftout",
    "tests.plugins.loops",
    "tests.plugins.portal",
    "tests.plugins.postgres",
    "tests.plugins.redis_server",
    "tests.plugins.registry",
    "tests.plugins.sign_in",
    "tests.plugins.slapd",
    "tests.plugins.sockets",
    "tests.plugins.together",
    "tests.plugins.usage_memory",
]
