"""The poll worker's inside: one event loop over all engines, kept between the ticks that Celery sends."""

from apps.nodes.polling.runtime import stop, tick

__all__ = ["stop", "tick"]
