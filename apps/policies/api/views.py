"""Rules and quotas in the API: those of the namespaces that the person owns, all for administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.response import Response

from apps.policies.api.filters import NamespaceFilter
from apps.policies.api.serializers import (
    ImageRuleSerializer,
    ImageRuleWish,
    QuotaSerializer,
    QuotaWish,
    RetentionRuleSerializer,
    RetentionRuleWish,
    TagRuleSerializer,
    TagRuleWish,
)
from apps.policies.models import ImageRule, Quota, RetentionRule, TagRule
from apps.policies.selectors.visible import editable_namespaces, rows_visible_to
from apps.policies.services.policies import delete_policy, save_policy
from dce_portal.api.permissions import SignedIn
from dce_portal.api.serializers import StrictSerializer
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request


class PolicyViewSet(ReadOnlyViewSet):
    """What the views of rules and quotas share; each says how it is asked for and shown."""

    permission_classes = (SignedIn,)
    filterset_class = NamespaceFilter
    ordering = ("pk",)
    wish_class: ClassVar[type[StrictSerializer]]

    def select(self) -> QuerySet[Any]:
        """All that the person may see."""
        return rows_visible_to(self.person, self.model)

    def made(self, request: Request) -> Response:
        """Write a new row."""
        row = save_policy(
            self.model(),  # type: ignore[arg-type]  # one of the four
            self._wish(request, is_partial=False),
            origin=Origin.of_request(request),
        )
        body = self.get_serializer(row).data
        headers = {"Location": body["url"]}
        return Response(body, status=status.HTTP_201_CREATED, headers=headers)

    def changed(self, request: Request) -> Response:
        """Write what is named of a row, and leave the rest."""
        row = self.get_object()
        wish = self._wish(request, is_partial=True)
        save_policy(row, wish, origin=Origin.of_request(request))
        return Response(self.get_serializer(row).data)

    @extend_schema(responses={204: OpenApiResponse(description="Deleted.")})
    def destroy(self, request: Request, pk: str) -> Response:
        """What it held back is allowed from now on."""
        delete_policy(self.get_object(), origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _wish(self, request: Request, *, is_partial: bool) -> dict[str, Any]:
        wish = self.wish_class(data=request.data, partial=is_partial)
        fields: Any = wish.fields
        fields["namespace"].queryset = editable_namespaces(self.person, self.model)
        wish.is_valid(raise_exception=True)
        given = set(request.data) if is_partial else set(wish.validated_data)
        return {name: value for name, value in wish.validated_data.items() if name in given}


class TagRuleViewSet(PolicyViewSet):
    """Immutable and protected tags."""

    model = TagRule
    serializer_class = TagRuleSerializer
    wish_class = TagRuleWish

    @extend_schema(request=TagRuleWish, responses={201: TagRuleSerializer})
    def create(self, request: Request) -> Response:
        """Make a rule, as an owner of the namespace or an administrator."""
        return self.made(request)

    @extend_schema(request=TagRuleWish(partial=True), responses={200: TagRuleSerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a rule."""
        return self.changed(request)


class ImageRuleViewSet(PolicyViewSet):
    """Allowed platforms and sizes."""

    model = ImageRule
    serializer_class = ImageRuleSerializer
    wish_class = ImageRuleWish

    @extend_schema(request=ImageRuleWish, responses={201: ImageRuleSerializer})
    def create(self, request: Request) -> Response:
        """Make a rule, as an owner of the namespace or an administrator."""
        return self.made(request)

    @extend_schema(request=ImageRuleWish(partial=True), responses={200: ImageRuleSerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a rule."""
        return self.changed(request)


class QuotaViewSet(PolicyViewSet):
    """Quotas; administrators set them, owners see theirs."""

    model = Quota
    serializer_class = QuotaSerializer
    wish_class = QuotaWish

    @extend_schema(request=QuotaWish, responses={201: QuotaSerializer})
    def create(self, request: Request) -> Response:
        """Set a quota, as an administrator."""
        return self.made(request)

    @extend_schema(request=QuotaWish(partial=True), responses={200: QuotaSerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a quota."""
        return self.changed(request)


class RetentionRuleViewSet(PolicyViewSet):
    """Which tags are kept."""

    model = RetentionRule
    serializer_class = RetentionRuleSerializer
    wish_class = RetentionRuleWish

    @extend_schema(request=RetentionRuleWish, responses={201: RetentionRuleSerializer})
    def create(self, request: Request) -> Response:
        """Make a rule, as an owner of the namespace or an administrator."""
        return self.made(request)

    @extend_schema(
        request=RetentionRuleWish(partial=True), responses={200: RetentionRuleSerializer}
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a rule."""
        return self.changed(request)
