// Hosts against namespaces. Only the cells on the screen are in the document.

const CELL = 24, HEAD = 132;

function matrixView(container, data, connections, open) {
  const ports = [...new Set(connections.map((c) => c.target))];
  const shown = new Set(connections.map((c) => c.id));
  const columns = matrixColumns(data, connections);
  const names = innerWidth < 760 ? 150 : 300;
  const cells = el("div", { class: "fill cells" }), rows = el("div", { class: "names" }), heads = el("div", { class: "head heads" }), corner = el("div", { class: "corner head" });
  const fill = el("div", { class: "fill" }, heads, corner, rows, cells);
  fill.style.width = names + columns.length * CELL + "px";
  fill.style.height = HEAD + ports.length * CELL + "px";
  Object.assign(corner.style, { width: names + "px", height: HEAD + "px", marginTop: -HEAD + "px" });
  Object.assign(heads.style, { height: HEAD + "px", width: "100%" });
  Object.assign(rows.style, { width: names + "px", height: ports.length * CELL + "px" });
  Object.assign(cells.style, { position: "absolute", top: HEAD + "px", left: names + "px" });
  const scroll = el("div", { class: "scroll matrix", tabindex: "0", role: "grid", "aria-label": "Hosts against namespaces", "aria-rowcount": ports.length, "aria-colcount": columns.length }, fill);
  let at = { row: 0, column: 0 };
  const cellAt = (row, column) => worstOf(data, data.ports.get(ports[row]).filter((c) => shown.has(c.id)), columns[column]);
  const draw = () => {
    const left = Math.max(0, Math.floor(scroll.scrollLeft / CELL) - 2), right = Math.min(columns.length, left + Math.ceil(scroll.clientWidth / CELL) + 4);
    const top = Math.max(0, Math.floor(scroll.scrollTop / CELL) - 2), bottom = Math.min(ports.length, top + Math.ceil(scroll.clientHeight / CELL) + 4);
    const inHead = [], inRows = [], inCells = [];
    for (let c = left; c < right; c++) {
      const name = el("span", { class: "col", title: columns[c].name, role: "columnheader" }, columns[c].name);
      name.style.left = names + c * CELL + "px";
      inHead.push(name);
    }
    for (let r = top; r < bottom; r++) {
      const name = el("div", { class: "name", title: ports[r], role: "rowheader" }, ports[r]);
      name.style.top = r * CELL + "px";
      inRows.push(name);
      for (let c = left; c < right; c++) {
        const worst = cellAt(r, c), active = r === at.row && c === at.column;
        if (!worst && !active) continue;
        const said = worst ? `${ports[r]} from ${columns[c].name}: ${worst.state.id}${worst.exempt ? ", exempt" : ""}` : "nothing of the filter";
        const cell = el("div", { class: "cell " + (worst ? worst.state.id + (worst.bad ? " bad" : "") + (worst.exempt ? " exempt" : "") : "") + (active ? " active" : ""),
          role: "gridcell", id: active ? "cell" : null, title: said, "aria-label": said, "data-r": r, "data-c": c }, worst ? worst.state.sign : "");
        Object.assign(cell.style, { top: r * CELL + "px", left: c * CELL + "px" });
        inCells.push(cell);
      }
    }
    heads.replaceChildren(...inHead);
    rows.replaceChildren(...inRows);
    cells.replaceChildren(...inCells);
    scroll.setAttribute("aria-activedescendant", "cell");
  };
  const move = (row, column) => {
    at = { row: Math.max(0, Math.min(ports.length - 1, row)), column: Math.max(0, Math.min(columns.length - 1, column)) };
    const y = at.row * CELL, x = at.column * CELL;
    if (y < scroll.scrollTop) scroll.scrollTop = y;
    if (y + CELL + HEAD > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = y + CELL + HEAD - scroll.clientHeight;
    if (x < scroll.scrollLeft) scroll.scrollLeft = x;
    if (x + CELL + names > scroll.scrollLeft + scroll.clientWidth) scroll.scrollLeft = x + CELL + names - scroll.clientWidth;
    draw();
  };
  const enter = () => { const worst = cellAt(at.row, at.column); if (worst) open(worst, scroll); };
  scroll.addEventListener("scroll", () => requestAnimationFrame(draw));
  scroll.addEventListener("keydown", (e) => {
    const steps = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1], PageDown: [15, 0], PageUp: [-15, 0], Home: [0, -columns.length], End: [0, columns.length] };
    if (e.key in steps) { e.preventDefault(); move(at.row + steps[e.key][0], at.column + steps[e.key][1]); }
    if (e.key === "Enter" || e.key === " ") { e.preventDefault(); enter(); }
  });
  cells.addEventListener("click", (e) => {
    const cell = e.target.closest(".cell");
    if (cell) { move(Number(cell.dataset.r), Number(cell.dataset.c)); enter(); }
  });
  container.replaceChildren(ports.length ? scroll : el("p", { class: "dim empty" }, "Nothing is left of the filter."));
  draw();
}

// matrixColumns returns the namespaces, the one with the most to mend first, after the one that stands for all that are to come.
function matrixColumns(data, connections) {
  const bad = new Array(data.namespaces.length).fill(0);
  let rest = 0;
  for (const c of connections) {
    if (!c.bad) continue;
    if (c.list >= 0) for (const n of data.lists[c.list]) bad[n]++;
    if (c.list !== -1) continue;
    rest++;
    const named = new Set();
    for (const s of c.siblings) if (s.list >= 0) for (const n of data.lists[s.list]) named.add(n);
    for (const n of named) bad[n]--;
  }
  const columns = data.namespaces.map((name, n) => ({ name, n, bad: bad[n] }));
  columns.sort((a, b) => b.bad - a.bad || a.n - b.n);
  return [{ name: "all others", n: -1, bad: rest }, ...columns];
}

// worstOf returns the worst of a port's connections for a column: pods of one namespace may fare differently.
function worstOf(data, connections, column) {
  let worst = null;
  for (const c of connections) {
    const applies = column.n < 0 ? c.list === -1 : includes(data, c, column.n);
    if (applies && (!worst || Number(c.bad) > Number(worst.bad) || (c.bad === worst.bad && c.state.n < worst.state.n))) worst = c;
  }
  return worst;
}
