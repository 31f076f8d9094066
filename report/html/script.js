(() => {
  "use strict";
  const ranking = document.querySelector("#ranking table");
  if (!ranking) return;
  const body = ranking.tBodies[0];
  const rest = document.querySelector("#ranking .rest");
  const rows = [...document.querySelectorAll("#ranking tbody tr")];
  const sections = new Map(rows.map(r => [r, document.getElementById("u" + r.cells[0].textContent)]));
  // All rows in one table: what is folded would not be found.
  const join = () => {
    if (!rest || !rest.isConnected) return;
    rows.forEach(r => body.append(r));
    rest.remove();
  };

  const find = document.createElement("div");
  find.className = "find";
  find.innerHTML = '<label for="find">Find</label><input id="find" type="search" placeholder="URI, verdict, file"><output for="find"></output>';
  ranking.before(find);
  const input = find.querySelector("input"), output = find.querySelector("output");
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length) join();
    let n = 0;
    for (const [row, section] of sections) {
      const text = words.length ? (row.textContent + " " + (section ? section.textContent : "")).toLowerCase() : "";
      const off = !words.every(w => text.includes(w));
      row.classList.toggle("off", off);
      if (section) section.classList.toggle("off", off);
      n += !off;
    }
    output.textContent = words.length ? n + " of " + rows.length : "";
  });

  const value = (row, i) => {
    const cell = row.cells[i];
    if (cell.dataset.v !== undefined) return +cell.dataset.v;
    const text = cell.firstChild ? cell.firstChild.textContent.trim() : "";
    return i === 0 ? +text : text === "–" ? -Infinity : text;
  };
  const compare = (a, b) => typeof a === "string" && typeof b === "string" ? a.localeCompare(b, undefined, {numeric: true}) : a < b ? -1 : a > b ? 1 : 0;
  [...ranking.tHead.rows[0].cells].forEach((th, i) => {
    if (/interval|Series/i.test(th.textContent)) return;
    const button = document.createElement("button");
    button.className = "by";
    button.type = "button";
    button.textContent = th.textContent;
    th.replaceChildren(button);
    button.addEventListener("click", () => {
      join();
      const numbers = th.classList.contains("n") && i > 0;
      const first = numbers ? "descending" : "ascending", second = numbers ? "ascending" : "descending";
      const order = th.getAttribute("aria-sort") === first ? second : first;
      for (const other of ranking.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      th.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      rows.map((row, k) => [value(row, i), k, row]).sort((a, b) => sign * compare(a[0], b[0]) || a[1] - b[1]).forEach(e => body.append(e[2]));
    });
  });
})();
