"""Real Docker engines on one machine, for tests and for trying things by hand.

Every engine has its own network, process, mount and host name namespaces, so a
killed engine takes its containers with it, as a host that loses power does, and
nothing of it shows in the machine's own mounts. See ``python -m tests.lab --help``.
"""
