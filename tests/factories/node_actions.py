"""Starts an action on a node as its page does, and carries it out."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from apps.nodes.models import Node
from dce_portal import operations
from dce_portal.models import Operation


def page_url(node: Node, name: str) -> str:
    """The action's page."""
    return reverse("admin:nodes_node_action", args=[node.pk, name])


def start(client: Client, node: Node, name: str, **form: str) -> Operation:
    """Confirms the action, and runs its operation to the end."""
    answer = client.post(page_url(node, name), form)
    assert answer.status_code == 302, answer.content.decode()
    operation = Operation.objects.get()
    operations.execute(str(operation.pk))
    operation.refresh_from_db()
    return operation
