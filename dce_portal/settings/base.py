"""Settings common to every process; each part that has a life of its own is a module beside this one."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dce_portal import collector, configuration
from dce_portal.paths import CHECKOUT
from dce_portal.settings import secrets
from dce_portal.settings.database import database_of
from dce_portal.settings.hosts import allowed_hosts_of
from dce_portal.settings.logs import logging_of
from dce_portal.settings.queues import celery_of
from dce_portal.settings.security import *  # noqa: F403 - Django reads settings as module names
from dce_portal.settings.theme import UNFOLD  # noqa: F401 - read by the theme

# Until every app is loaded: dce_portal/apps.py.
collector.wait()

CONFIGURATION = configuration.read()
PATHS = CONFIGURATION.paths

DEBUG = CONFIGURATION.debug
SECRET_KEY = secrets.read(PATHS.secrets, "django-secret-key")
ALLOWED_HOSTS = allowed_hosts_of(CONFIGURATION.allowed_hosts, bind=CONFIGURATION.bind)
CSRF_TRUSTED_ORIGINS = [CONFIGURATION.public_url] if CONFIGURATION.public_url else []
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = (CONFIGURATION.public_url or "").startswith("https:")

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "dce_portal.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "channels",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "dce_portal.apps.KernelConfig",
    "apps.accounts.apps.AccountsConfig",
    "apps.nodes.apps.NodesConfig",
    "apps.workloads.apps.WorkloadsConfig",
    "apps.registry.apps.RegistryConfig",
    "apps.metrics.apps.MetricsConfig",
    "apps.alerts.apps.AlertsConfig",
    "apps.interop.apps.InteropConfig",
    "apps.policies.apps.PoliciesConfig",
    "apps.webhooks.apps.WebhooksConfig",
    "apps.replication.apps.ReplicationConfig",
    "apps.scanning.apps.ScanningConfig",
    "apps.forwarding.apps.ForwardingConfig",
]

MIDDLEWARE = [
    "dce_portal.middleware.SecureCookiesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "dce_portal.middleware.PagePolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.accounts.security.middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# Views without the layers above, by whole path: dce_portal/lean_handler.py says why.
LEAN_VIEWS = {
    "/auth/token": "apps.registry.api.token.registry_token",
    "/internal/registry/guard": "apps.policies.views.registry_guard",
}

ROOT_URLCONF = "dce_portal.urls"
WSGI_APPLICATION = "dce_portal.wsgi.application"
ASGI_APPLICATION = "dce_portal.asgi.application"
WEBSOCKET_ROUTES = ["apps.metrics.routing", "apps.workloads.routing"]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [CHECKOUT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    },
]

DATABASES = {"default": database_of(CONFIGURATION.database_url, data=PATHS.data)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "admin:login"
# What /admin/login/ is; the kernel's site knows no app.
SIGN_IN_VIEW = "apps.accounts.pages.sign_in.sign_in"
OWN_PASSWORD_VIEW = "security:password"  # noqa: S105 - a view's name
# Only its OpenID Connect is used: none of its pages has an address here (docs/adr/0024).
SOCIALACCOUNT_ADAPTER = "apps.accounts.pages.openid.PortalAccounts"
SOCIALACCOUNT_EMAIL_VERIFICATION = ACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
LOGIN_REDIRECT_URL = "admin:index"

REDIS_URL = (
    CONFIGURATION.redis_url.reveal()
    if CONFIGURATION.redis_url
    else f"unix://{PATHS.socket('redis')}"
)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # A Redis that hangs must not keep people from signing in: it is waited for once, for this long.
        "OPTIONS": {"socket_timeout": 1.5, "socket_connect_timeout": 1.5},
    }
}
globals().update(celery_of(broker_url=REDIS_URL, poll_shards=CONFIGURATION.poll_shards))

# The registry's own address; None is the embedded one on its unix socket.
REGISTRY_URL = CONFIGURATION.registry_url
REGISTRY_SERVICE = "dce-registry"
REGISTRY_ISSUER = "dce-portal"
# A registry token cannot be called back, so it is short; clients ask again by themselves.
REGISTRY_TOKEN_LIFE_S = CONFIGURATION.registry_token_life_s
# Whether `docker login` with a password may leave a revocable login on the client.
REGISTRY_DOCKER_LOGINS = True
REGISTRY_DOCKER_LOGIN_DAYS = 90
# Whether a password opens the registry at all, by itself or by the docker login that it left.
REGISTRY_PASSWORDS = CONFIGURATION.docker_passwords

LANGUAGE_CODE = CONFIGURATION.language
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [CHECKOUT / "locale", CHECKOUT / "locale" / "theme"]
TIME_ZONE = CONFIGURATION.time_zone
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = PATHS.static
STATICFILES_DIRS = [CHECKOUT / "static"]
FRONT_END = {
    "uplot": "uplot/dist",
    "xterm": "@xterm/xterm/lib",
    "xterm-css": "@xterm/xterm/css",
    "xterm-fit": "@xterm/addon-fit/lib",
}
for prefix, folder in FRONT_END.items():
    if (CHECKOUT / "node_modules" / folder).is_dir():
        STATICFILES_DIRS.append((prefix, CHECKOUT / "node_modules" / folder))  # type: ignore[arg-type]  # Django takes prefixed pairs

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.api.authentication.TokenAuthentication",
        "apps.accounts.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["dce_portal.api.permissions.DenyUnlessAllowed"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["dce_portal.api.filters.StrictFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "dce_portal.api.pagination.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_METADATA_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,
    "EXCEPTION_HANDLER": "dce_portal.api.errors.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "DCE Portal",
    "DESCRIPTION": "Clusters, the registry and usage, for scripts.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    # Folded: two hundred addresses opened at once keep a browser busy for half a minute.
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "docExpansion": "none",
        "defaultModelsExpandDepth": -1,
        "filter": True,
    },
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "RegistryRoleEnum": "apps.registry.models.Role",
        "RobotRoleEnum": "apps.registry.robot_models.RobotRole",
        "TeamRoleEnum": "apps.accounts.models.TeamMembership.Role",
        "AuditReceiverKindEnum": "apps.forwarding.models.Forward.Kind",
        "JoinRoleEnum": "apps.nodes.models.joining.JOIN_ROLES",
        "ChannelKindEnum": "apps.alerts.models.Channel.Kind",
        "DeliveryKindEnum": "apps.alerts.models.Delivery.Kind",
        "DeliveryStateEnum": "apps.alerts.models.Delivery.State",
        "AlertSeverityEnum": "apps.alerts.models.Severity",
        "SizingVerdictEnum": "apps.metrics.right_sizing.models.ServiceSizing.Verdict",
        "AlertStateEnum": "apps.alerts.models.Alert.State",
        "TagRuleKindEnum": "apps.policies.models.TagRule.Kind",
        "LeastRoleEnum": "apps.policies.models.guard.Who",
        "RetentionScheduleEnum": "apps.policies.models.RetentionRule.Schedule",
        "RetentionRunStateEnum": "apps.policies.models.RetentionRun.State",
        "ScanStateEnum": "apps.scanning.models.ScanReport.State",
        "ReplicationDirectionEnum": "apps.replication.models.ReplicationRule.Direction",
        "WebhookEventEnum": "apps.webhooks.models.EventKind",
        "WebhookChosenEventEnum": "apps.webhooks.models.CHOSEN_KINDS",
        "WebhookStateEnum": "apps.webhooks.models.WebhookDelivery.State",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "dce_portal.api.schema.add_errors",
    ],
}

LOGGING = logging_of(CONFIGURATION.log_level)
