"""Which selector fills the dashboard: named here, since the kernel imports no app."""

DASHBOARD_SELECTOR = "apps.metrics.dashboard.dashboard_of"
