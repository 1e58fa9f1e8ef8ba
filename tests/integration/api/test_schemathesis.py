"""Every address of the API against the committed document, with what schemathesis thinks up.

General on purpose: an address that is new in docs/openapi.yaml is tested without a word here.
All examples of an address share one transaction, which is rolled back at the end.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.utils import timezone
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import AcceptedNegativeData, FailureGroup

from apps.accounts.models import PersonalToken
from apps.alerts import backends
from apps.alerts.adapters.fake import FakeNotifier
from apps.alerts.models import AlertRule, Silence
from dce_portal import secret_files
from tests.factories.accounts import (
    AuditEventFactory,
    OperationFactory,
    TeamFactory,
    token_of,
)
from tests.factories.alert_delivery import channel_of
from tests.factories.alerts import AlertFactory, RuleFactory
from tests.factories.cluster import (
    ClusterFactory,
    ContainerFactory,
    EventFactory,
    ImageFactory,
    NodeFactory,
    ServiceFactory,
    TaskFactory,
)

DOCUMENT = Path(__file__).parents[3] / "docs" / "openapi.yaml"
EXAMPLES = 6
# Out of reach of the small ids that are thought up, so that no example revokes the token in use.
OWN_TOKEN_ID = 2**40
# No schema can say which cursors a list made, or that a node is drained already: both are 400.
BEYOND_A_SCHEMA = ("positive_data_acceptance",)

config = SchemathesisConfig.from_dict(
    {"generation": {"deterministic": True, "max-examples": EXAMPLES, "database": "none"}}
)
api = schemathesis.openapi.from_path(DOCUMENT, config=config)
api.app = get_wsgi_application()


@pytest.fixture
def secrets(own_authority, settings):
    """A CA, without which nobody joins, beside the key that the suite seals with."""
    key = (settings.PATHS.secrets / secret_files.SEALING_KEY).read_bytes()
    (own_authority.configuration.paths.secrets / secret_files.SEALING_KEY).write_bytes(key)


@pytest.fixture
def rows(administrator, secrets):
    """One row of each kind with the id 1, as far as this file knows the kinds."""
    cluster = ClusterFactory(pk=1)
    node = NodeFactory(pk=1, cluster=cluster)
    service = ServiceFactory(pk=1, cluster=cluster)
    TaskFactory(pk=1, node=node, service=service)
    ContainerFactory(pk=1, node=node, service=service)
    ImageFactory(pk=1, node=node)
    EventFactory(pk=1, node=node)
    TeamFactory(pk=1).memberships.create(person=administrator)
    OperationFactory(actor=administrator, log=[{"at": "2026-01-02T03:04:05Z", "text": "said"}])
    _catalogue(administrator)
    _alerts()
    _policies()
    _exchange()


@pytest.fixture
def secret(administrator):
    """A token that may do all that an administrator may."""
    issued = token_of(administrator, "api.read", "api.write")
    PersonalToken.objects.filter(pk=issued.token.pk).update(id=OWN_TOKEN_ID)
    token_of(administrator)
    return issued.secret


@api.parametrize()
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_every_address_keeps_to_the_document(case, rows, secret):
    excluded = [check for check in CHECKS.get_all() if check.__name__ in BEYOND_A_SCHEMA]
    try:
        case.call_and_validate(
            headers={"Authorization": f"Bearer {secret}"}, excluded_checks=excluded
        )
    except FailureGroup as group:
        if not all(_is_number_for_text(failure) for failure in group.exceptions):
            raise


def _alerts():
    """An alert of a ready-made rule, who is told of it, and that it is silent."""
    # A ready-made one, unless a test that emptied the tables ran before: then they have other numbers.
    rule = AlertRule.objects.filter(pk=1).first() or RuleFactory(pk=1)
    AlertFactory(pk=1, rule=rule)
    channel_of(pk=1)
    Silence.objects.create(pk=1, object_kind="service", reason="repair")


def _exchange():
    """A webhook that was told something, a rule to another registry, a cache, a report and a policy."""
    from apps.registry.models import Namespace
    from apps.replication.models import CacheNamespace, RemoteRegistry, ReplicationRule
    from apps.scanning.models import ScanPolicy, ScanReport
    from apps.webhooks.models import Webhook, WebhookDelivery

    hook = Webhook.objects.create(pk=1, name="ci", url="https://ci.test/", kinds=["push"])
    WebhookDelivery.objects.create(pk=1, webhook=hook, kind="push", state="sent")
    remote = RemoteRegistry.objects.create(pk=1, name="there", url="https://there.test")
    rule = {"direction": "push", "repositories": "team/*"}
    ReplicationRule.objects.create(pk=1, name="out", remote=remote, **rule)
    namespace = Namespace.objects.get(pk=1)
    CacheNamespace.objects.create(pk=1, namespace=namespace, remote=remote)
    ScanPolicy.objects.create(pk=1, namespace=namespace)
    digest = "sha256:" + "0" * 64
    ScanReport.objects.create(pk=1, repository="team/app", digest=digest, state="done")


@pytest.fixture(autouse=True)
def no_target_is_asked(monkeypatch):
    """Channels are checked by a fake: the real one starts a process for each."""
    monkeypatch.setattr(backends, "notifier", FakeNotifier)


def _is_number_for_text(failure):
    """A number where a text belongs is taken as its digits, as Django REST framework does."""
    lines = failure.message.splitlines()
    return isinstance(failure, AcceptedNegativeData) and any(
        line.startswith("Invalid component: in body") and line.endswith("Incorrect type")
        for line in lines
    )


def _catalogue(administrator):
    from apps.forwarding.models import Forward
    from apps.registry.models import (
        DockerLogin,
        Grant,
        Manifest,
        Namespace,
        Repository,
        Robot,
        Tag,
    )

    namespace = Namespace.objects.create(pk=1, name="team")
    repository = Repository.objects.create(pk=1, name="team/app", namespace=namespace)
    manifest = Manifest.objects.create(
        pk=1, repository=repository, digest="sha256:" + "0" * 64, media_type="application/json"
    )
    Tag.objects.create(pk=1, repository=repository, name="1", manifest=manifest)
    Grant.objects.create(pk=1, namespace=namespace, person=administrator, role="owner")
    Robot.objects.create(pk=1, namespace=namespace, name="ci", username="robot-team-ci", key="k")
    DockerLogin.objects.create(
        pk=1, owner=administrator, digest="d", service="dce-registry", expires_at=timezone.now()
    )
    Forward.objects.create(pk=1, name="logs", address="logs.example:514")
    AuditEventFactory(pk=1)


def _policies():
    from apps.policies.models import (
        Collection,
        ImageRule,
        Quota,
        RetentionRule,
        RetentionRun,
        TagRule,
    )
    from apps.registry.models import Namespace

    team = Namespace.objects.get(name="team")
    TagRule.objects.create(pk=1, namespace=team, tags="v*")
    ImageRule.objects.create(pk=1, namespace=team, platforms="linux/amd64")
    Quota.objects.create(pk=1, namespace=team, most_tags=5)
    RetentionRule.objects.create(pk=1, namespace=team, keep_last=3)
    RetentionRun.objects.create(pk=1, namespace=team, state="done")
    Collection.objects.create(pk=1, is_dry_run=True, step="done")
