from locust import HttpUser, task


class Corpus(HttpUser):
    @task
    def index(self):
        self.client.get("/")
