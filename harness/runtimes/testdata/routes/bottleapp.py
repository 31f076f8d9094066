from bottle import Bottle, default_app, route

api = Bottle()


@api.route("/items/<id:int>", method=["GET", "DELETE"])
def item(id):  # handles an item
    return str(id)


@route("/")
def index():
    return "ok"


@route("/old/:name#[a-z]+#")
def old(name):
    return name


application = default_app()
application.mount("/api/", api)
