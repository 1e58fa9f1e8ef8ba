"""A standalone Swarm's key store."""

from apps.nodes.adapters.etcd.etcd import Etcd

__all__ = ["Etcd"]
