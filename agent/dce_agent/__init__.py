"""What runs on a node: samples the host and its containers and keeps the last 15 minutes.

A program of its own that needs nothing but Python's standard library (3.11 or later), so that it
stays within 40 MiB. It knows nothing of the portal; docs/agent-samples.md says what it answers.
"""

__version__ = "0.1.0"
