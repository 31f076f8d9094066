from functools import wraps

from flask import Blueprint, Flask
from flask.views import MethodView

app = Flask(__name__)
admin = Blueprint("admin", __name__, url_prefix="/admin")


def logged(f):
    @wraps(f)
    def inner(*args, **kwargs):
        return f(*args, **kwargs)

    return inner


@app.route("/")
def index():
    return "ok"


@app.route("/orders/<int:id>", methods=["GET", "DELETE"])
@logged
def order(id):  # handles an order
    return str(id)


class Cart(MethodView):
    def get(self):
        return "cart"

    def post(self):  # fills a cart
        return "filled"


app.add_url_rule("/cart", view_func=Cart.as_view("cart"))


@admin.route("/<path:rest>")
def rest(rest):
    return rest


app.register_blueprint(admin)
application = app
