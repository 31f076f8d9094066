import sys

from django.conf import settings

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="x", DEBUG=False)

import django

django.setup()

from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import include, path, re_path
from django.views import View
from django.views.decorators.http import require_http_methods


def index(request):
    return HttpResponse("ok")


@require_http_methods(["POST"])
def fill(request):  # fills a cart
    return HttpResponse("ok")


class Order(View):
    def get(self, request, pk):  # shows an order
        return HttpResponse("ok")

    def delete(self, request, pk):
        return HttpResponse("ok")


shop = [path("orders/<int:pk>/", Order.as_view()), path("cart", fill)]
urlpatterns = [
    path("", index),
    path("shop/", include(shop)),
    re_path(r"^articles/(?P<year>[0-9]{4})/$", index),
    re_path(r"^old/", include([re_path(r"^(\d+)\.html$", index)])),
]
application = get_wsgi_application()

if __name__ == "__main__":
    from django.contrib.admindocs.views import extract_views_from_urlpatterns

    for _, pattern, _, _ in extract_views_from_urlpatterns(urlpatterns):
        print("/" + pattern)
    sys.exit()
