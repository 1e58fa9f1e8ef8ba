"""Where the things that alerts name have their pages."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse

PAGES = {
    "cluster": "nodes_cluster",
    "node": "nodes_node",
    "service": "workloads_service",
    "container": "workloads_container",
    "stack": "workloads_stack",
    "volume": "workloads_volume",
    "namespace": "registry_namespace",
    "token": "accounts_personaltoken",
    "robot": "registry_robot",
}


def page_of(kind: str, ref: int) -> str:
    """The object's page; nothing where there is none."""
    if kind not in PAGES:
        return ""
    try:
        return reverse(f"admin:{PAGES[kind]}_change", args=[ref])
    except NoReverseMatch:
        return ""


def silence_page() -> str:
    """Where a silence is made; nothing while there is no such page."""
    try:
        return reverse("admin:alerts_silence_add")
    except NoReverseMatch:
        return ""
