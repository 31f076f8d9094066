import os
import sys

from fastapi import APIRouter, FastAPI
from starlette.endpoints import HTTPEndpoint
from starlette.routing import Route

app = FastAPI()
admin = FastAPI(openapi_url=None)
router = APIRouter(prefix="/orders")


@app.get("/")
async def index():
    return "ok"


@router.api_route("/{order_id}", methods=["GET", "DELETE"])
def order(order_id: int):  # handles an order
    return order_id


class Cart(HTTPEndpoint):
    async def get(self, request):  # shows a cart
        return None


@admin.get("/users/{name:path}")
async def user(name: str):
    return name


app.include_router(router)
app.router.routes.append(Route("/cart", Cart))
app.mount("/admin", admin)

if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="error")
