"""What the tutorial's sixth part ends with, and a schema."""

from django.urls import include, path
from rest_framework.routers import DefaultRouter
from rest_framework.schemas import get_schema_view
from snippets import views

router = DefaultRouter()
router.register(r"snippets", views.SnippetViewSet)
router.register(r"users", views.UserViewSet)
urlpatterns = [
    path("", include(router.urls)),
    path("schema", get_schema_view(title="corpus", version="1"), name="openapi-schema"),
    path("api-auth/", include("rest_framework.urls", namespace="rest_framework")),
]
