"""Screenshots of the pages over a live test server."""
import pytest
from datetime import timedelta
from django.utils import timezone
from tests.factories.registry import *
pytestmark = pytest.mark.browser

@pytest.fixture(scope="session", autouse=True)
def _db(django_db_setup): pass

def test_shots(live_server, administrator, chromium_page, monkeypatch):
    from apps.policies.models import TagRule, ImageRule, Quota, RetentionRule, RetentionRun, Collection
    from apps.registry.models import Namespace
    from tests.factories.accounts import PASSWORD
    from django.conf import settings
    page = chromium_page
    def sign_in():
        page.goto(f"{live_server.url}/admin/login/"); page.fill("[name=username]", "ada"); page.fill("[name=password]", PASSWORD); page.click("[type=submit]"); page.wait_for_url("**/admin/")
    administrator.is_superuser = True; administrator.save()
    sign_in()
    def shot(name, path, width=1400, dark=False):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.goto(live_server.url + path); page.wait_for_timeout(250)
        page.screenshot(path=f"/tmp/policies/{name}.png", full_page=True)
    for n in ("tagrule", "quota", "retentionrule", "collection"):
        shot(f"empty-{n}", f"/admin/policies/{n}/")
    team = NamespaceFactory(name="team")
    TagRule.objects.create(namespace=team, tags="v*", repositories="*")
    TagRule.objects.create(namespace=None, tags="stable, release-*", kind="protected", who_overwrites="owner", who_deletes="nobody")
    ImageRule.objects.create(namespace=team, platforms="linux/amd64, linux/arm64", most_bytes=2*1024**3)
    Quota.objects.create(namespace=team, most_bytes=20*1024**3, used_bytes=13*1024**3, most_tags=50, counted_at=timezone.now())
    RetentionRule.objects.create(namespace=team, keep_last=3, younger_than_days=7, pulled_within_days=30, keep_matching="stable", schedule="daily", untagged_days=14)
    app = RepositoryFactory(name="team/app", namespace=team)
    m = ManifestFactory(repository=app)
    for i in range(1, 13):
        mm = m if i in (3, 4) else ManifestFactory(repository=app)
        t = TagFactory(repository=app, manifest=mm, name=f"v1.{i}" if i % 3 else f"build-{i}", pushed_at=timezone.now()-timedelta(days=4*(13-i)))
        if i == 3: three = t
    idx = ManifestFactory(repository=app); idx.children.add(m)
    Collection.objects.create(is_dry_run=True, step="done", started_by="ada", bytes_before=18*10**9, bytes_won=4*10**9, blobs_deleted=210, blobs_kept=1843, manifests_kept=300)
    Collection.objects.create(step="interrupted", started_by="ada", problem="The controller ended during the step “collecting”. The registry takes pushes again, and nothing that an image names was deleted; collect once more to win the rest.")
    Collection.objects.create(step="done", started_by="ada", bytes_before=18*10**9, bytes_won=39*10**8, blobs_deleted=204, blobs_kept=1843)
    RetentionRun.objects.create(namespace=team, state="done", kept=9, deleted=3)
    pages = {"tagrules": "/admin/policies/tagrule/", "tagrule": "/admin/policies/tagrule/1/change/", "imagerules": "/admin/policies/imagerule/", "quotas": "/admin/policies/quota/", "quotaform": "/admin/policies/quota/add/", "retention": "/admin/policies/retentionrule/", "retentionform": "/admin/policies/retentionrule/add/", "preview": f"/admin/policies/retentionrule/preview/{team.pk}/", "deletion": f"/admin/policies/tagrule/delete-tag/{three.pk}/", "garbage": "/admin/policies/collection/", "runs": "/admin/policies/retentionrun/", "run": "/admin/policies/retentionrun/1/change/"}
    for name, path in pages.items():
        shot(name, path)
    for name in ("preview", "deletion", "garbage", "quotas"):
        shot(f"{name}-360", pages[name], 360); shot(f"{name}-dark", pages[name], 1400, True)
