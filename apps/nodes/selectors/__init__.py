"""Reads that join, filtered by what a person may see; those of joins and standalone Swarms are in their own modules."""

from apps.nodes.selectors.addresses import (
    Revoked,
    _agents_address,
    address_of,
    agents_with_certificate,
    controller_files,
    manager_addresses,
    revoked_fingerprints,
)
from apps.nodes.selectors.certificates import authority_page, certificate_page
from apps.nodes.selectors.clusters import (
    cluster_page,
    endpoint_page,
    outstanding_join_lines,
    rows_of_cluster,
    swarm_page,
)
from apps.nodes.selectors.nodes import disk_usage_of, images_that_services_need, knows_containers
from apps.nodes.selectors.polling import (
    PollTarget,
    _numbers_by_kind,
    _standalone_targets,
    endpoints_of_topics,
    poll_targets,
)
from apps.nodes.selectors.visible import (
    MOST_ROWS_A_PAGE,
    Viewer,
    clusters_visible_to,
    events_visible_to,
    nodes_visible_to,
)

__all__ = [
    "MOST_ROWS_A_PAGE",
    "PollTarget",
    "Revoked",
    "Viewer",
    "_agents_address",
    "_numbers_by_kind",
    "_standalone_targets",
    "address_of",
    "agents_with_certificate",
    "authority_page",
    "certificate_page",
    "cluster_page",
    "clusters_visible_to",
    "controller_files",
    "disk_usage_of",
    "endpoint_page",
    "endpoints_of_topics",
    "events_visible_to",
    "images_that_services_need",
    "knows_containers",
    "manager_addresses",
    "nodes_visible_to",
    "outstanding_join_lines",
    "poll_targets",
    "revoked_fingerprints",
    "rows_of_cluster",
    "swarm_page",
]
