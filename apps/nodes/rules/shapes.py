"""Which column of a node's row holds which field of what a manager says."""

from __future__ import annotations

from dataclasses import fields

from apps.nodes.ports import NodeInfo
from dce_portal.mirrors import Shape, same_names

NODE = Shape(NodeInfo, same_names(*(field.name for field in fields(NodeInfo))))
