"""The API addresses of this app."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from apps.metrics.api.marks import MarksView
from apps.metrics.api.outlooks import OutlookApiView, TimeToFullView
from apps.metrics.api.right_sizing import SizingViewSet
from apps.metrics.api.table import TableView
from apps.metrics.api.views import SamplesView

router = SimpleRouter()
router.register("right-sizing", SizingViewSet, basename="right-sizing")
urlpatterns: list[URLPattern | URLResolver] = [
    path("samples/", SamplesView.as_view(), name="samples"),
    path("outlooks/", OutlookApiView.as_view(), name="outlooks"),
    path("time-to-full/", TimeToFullView.as_view(), name="time-to-full"),
    path("samples/csv/", TableView.as_view(), name="samples_csv"),
    path("samples/marks/", MarksView.as_view(), name="samples_marks"),
    *router.urls,
]
