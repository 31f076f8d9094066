from django.http import HttpResponse
from django.urls import path

waiting = {}


def reception(request):
    return HttpResponse("welcome")


def doctors(request):
    return HttpResponse("three doctors")


def ticket(request):
    number = len(waiting) + 1
    waiting[number] = "patient %d, " % number * 120
    return HttpResponse("ticket %d" % number)


urlpatterns = [path("", reception), path("doctors/", doctors), path("ticket/", ticket)]
