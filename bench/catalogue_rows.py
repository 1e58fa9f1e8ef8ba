"""Writes a large catalogue for `bench.catalogue`: rows only, by SQL."""

from __future__ import annotations

from django.db import connection

NAMESPACES, REPOSITORIES, TAGS, AUDIT, EVENTS = 1_000, 20_000, 200_000, 2_000_000, 200_000
LAYERS = 5
# A quarter of the layers is of images that many are built on.
BASES = 50


def fill(share: float) -> None:
    """Make all of it, then let the database look at what it holds."""
    counts = [max(1, int(n * share)) for n in (NAMESPACES, REPOSITORIES, TAGS, AUDIT, EVENTS)]
    with connection.cursor() as cursor:
        for statement in statements(connection.vendor, *counts):
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            for table in TABLES:
                highest = f"(SELECT max(id) FROM {table})"
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {highest})")
        cursor.execute("ANALYZE")


TABLES = (
    "registry_namespace",
    "registry_repository",
    "registry_manifest",
    "registry_tag",
    "registry_blob",
    "registry_manifestblob",
    "registry_searchterm",
    "registry_grant",
    "registry_registryevent",
    "accounts_auditevent",
)


def statements(
    vendor: str, namespaces: int, repositories: int, tags: int, audit: int, events: int
) -> list[str]:
    """One INSERT a table; keys are 1000 more than the number of the row."""
    is_sqlite = vendor == "sqlite"

    def ago(seconds: str) -> str:
        if is_sqlite:
            return f"datetime('now', '-' || ({seconds}) || ' seconds')"
        return f"now() - ({seconds}) * interval '1 second'"

    def digest(number: str) -> str:
        mixed = f"((({number}) * 2654435761) % 4294967296)"
        if is_sqlite:
            return f"'sha256:' || printf('%08x', {mixed}) || printf('%056x', {number})"
        return (
            f"'sha256:' || lpad(to_hex(({mixed})::bigint), 8, '0')"
            f" || lpad(to_hex(({number})::bigint), 56, '0')"
        )

    def rows(table: str, columns: str, values: str, count: int) -> str:
        many = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
        cast = "" if is_sqlite else "::bigint"
        many = many.replace("SELECT 1 UNION", f"SELECT 1{cast} UNION")
        return f"INSERT INTO {table} ({columns}) {many} SELECT {values} FROM n"

    space = f"1001 + i % {namespaces}"
    home = f"1001 + i % {repositories}"
    name = f"'space-' || (i % {namespaces}) || '/app-' || i"
    blobs = tags * 2
    blob = f"CASE WHEN i % 20 < 5 THEN 1001 + i % {BASES} ELSE 1001 + (i * 7) % {blobs} END"
    grants = max(1, namespaces // 20)
    bob = "(SELECT id FROM accounts_user WHERE username = 'bob')"
    action = "CASE WHEN i % 3 = 0 THEN 'token.issue' ELSE 'sign_in' END"
    empty, none = "'{}'", "'[]'"
    return [
        rows(
            "registry_namespace",
            "id, name, description, is_public, created_at, stored_bytes",
            f"1000 + i, 'space-' || (i - 1), '', FALSE, {ago('i')}, i * 1000000",
            namespaces,
        ),
        rows(
            "registry_repository",
            "id, namespace_id, name, description, created_at, last_pushed_at, last_pulled_at, pull_count,"
            " readme, readme_by, stored_bytes, is_size_stale",
            f"1000 + i, {space}, {name}, '', {ago('i')}, {ago('i')},"
            f" {ago('i')}, i % 997, '', '', i * 1000, FALSE",
            repositories,
        ),
        rows(
            "registry_manifest",
            "id, repository_id, digest, media_type, manifest_bytes, size_bytes, config_digest, layers, platform,"
            " is_complete, pushed_at, pushed_by, artifact_type, subject_digest, annotations, facts,"
            " facts_version",
            f"1000 + i, {home}, {digest('i')}, 'application/vnd.oci.image.manifest.v1+json', 700, 50000000,"
            f" {digest('i + 500000000')}, {none}, 'linux/amd64', TRUE, {ago('i')}, 'alice', '', '',"
            f" {empty}, {empty}, 1",
            tags,
        ),
        rows(
            "registry_tag",
            "id, repository_id, name, manifest_id, pushed_at, pushed_by",
            f"1000 + i, {home}, 'v' || (i / {repositories}), 1000 + i, {ago('i')}, 'alice'",
            tags,
        ),
        rows(
            "registry_blob",
            "id, digest, size_bytes",
            f"1000 + i, {digest('i + 1000000000')}, i % 10000000",
            blobs,
        ),
        rows(
            "registry_manifestblob",
            "manifest_id, blob_id, repository_id",
            f"1001 + i % {tags}, {blob}, 1001 + (1 + i % {tags}) % {repositories}",
            tags * LAYERS,
        )
        + " WHERE TRUE ON CONFLICT DO NOTHING",
        rows(
            "registry_searchterm",
            "kind, text, repository_id",
            f"'name', {name}, 1000 + i",
            repositories,
        ),
        rows(
            "registry_searchterm",
            "kind, text, repository_id",
            "'name', 'app-' || i, 1000 + i",
            repositories,
        ),
        rows(
            "registry_searchterm",
            "kind, text, repository_id, manifest_id",
            f"'label', 'maintainer=team-' || (i % 500), {home}, 1000 + i",
            tags,
        ),
        rows(
            "registry_grant",
            "namespace_id, person_id, role, created_at",
            f"1000 + i * 20, {bob}, 'reader', {ago('i')}",
            grants,
        ),
        rows(
            "registry_registryevent",
            "event_id, received_at, happened_at, action, repository_name, actor_name, body, applied_at,"
            " attempts, problem",
            f"'bench-' || i, {ago('i')}, {ago('i')}, 'pull', {name}, 'alice', {empty}, {ago('i')}, 0, ''",
            events,
        ),
        rows(
            "accounts_auditevent",
            "at, actor_label, credential, address, action, target_kind, target_id, target_label, result, detail",
            f"{ago('i')}, 'person-' || (i % 300), '', '10.0.0.1', {action}, 'repository',"
            f" i % 20000, {name}, CASE WHEN i % 50 = 0 THEN 'denied' ELSE 'allowed' END, {empty}",
            audit,
        ),
    ]
