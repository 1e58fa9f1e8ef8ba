"""Docker engines over HTTP and TLS: what they are, what runs on them, and their upkeep."""

from apps.nodes.adapters.engine.engine import Engine
from apps.nodes.adapters.engine.engines import SingleEngines
from apps.nodes.adapters.engine.http import EngineHttp
from apps.nodes.adapters.engine.upkeep import EngineUpkeep

__all__ = ["Engine", "EngineHttp", "EngineUpkeep", "SingleEngines"]
