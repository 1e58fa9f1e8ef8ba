"""What may be pushed, what is kept and what was won back: facts only."""

from apps.policies.models.collection import Collection
from apps.policies.models.guard import ImageRule, NamespaceBlob, NotedPush, Quota, TagRule
from apps.policies.models.retention import RetentionRule, RetentionRun, TagVerdict

__all__ = [
    "Collection",
    "ImageRule",
    "NamespaceBlob",
    "NotedPush",
    "Quota",
    "RetentionRule",
    "RetentionRun",
    "TagRule",
    "TagVerdict",
]
