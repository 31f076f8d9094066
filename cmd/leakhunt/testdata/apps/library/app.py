from flask import Flask

app = Flask(__name__)
loans = []


@app.route("/")
def shelves():
    return "shelves"


@app.route("/opening-hours")
def hours():
    return "9 to 5"


@app.route("/lend")
def lend():
    loans.append(["due", len(loans), "page " * 100 + str(len(loans))])
    return "lent"
