"""The whole suite's plugins; each app's own fixtures lie beside its tests."""

pytest_plugins = [
    "tests.lab.fixtures",
    "tests.plugins.actors",
    "tests.plugins.authority",
    "tests.plugins.browser",
    "tests.plugins.etcd",
    "tests.plugins.leftout",
    "tests.plugins.portal",
    "tests.plugins.redis_server",
    "tests.plugins.registry",
    "tests.plugins.sockets",
]
