"""Agents with their certificates, for tests of pages and services."""

from __future__ import annotations

from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.nodes.models import AgentCertificate, EngineEndpoint


class AgentFactory(DjangoModelFactory[EngineEndpoint]):
    class Meta:
        model = EngineEndpoint

    kind = EngineEndpoint.Kind.AGENT
    url = factory.Sequence(lambda n: f"tcp://192.0.2.{n % 250 + 1}:{12376 + n // 250}")
    server_name = factory.Sequence(lambda n: f"agent-{n:012x}.dce")


class CertificateFactory(DjangoModelFactory[AgentCertificate]):
    class Meta:
        model = AgentCertificate

    endpoint = factory.SubFactory(AgentFactory)
    name = factory.SelfAttribute("endpoint.server_name")
    serial_hex = factory.Sequence(lambda n: f"{n + 1:x}")
    fingerprint_sha256 = factory.Sequence(lambda n: f"{n:064x}")
    authority_fingerprint = "a" * 64
    issued_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=90))
