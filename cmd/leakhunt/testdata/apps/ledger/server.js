const express = require("express");

// A ledger of payments.
const app = express();
const receipts = new Map();
let last = 0;

app.get("/", (req, res) => res.send("ledger"));

app.get("/balance", (req, res) => res.json({ balance: last }));

app.get("/receipt", function printReceipt(req, res) {
  last += 1;
  receipts.set(last, Array.from({ length: 80 }, (_, i) => ({ line: i, at: Date.now() + i })));
  res.send("receipt " + last);
});

app.listen(process.env.PORT || 3000, "127.0.0.1");
