// A list of rows of which only those on the screen are in the document.

function virtualList(container, { rows, heads, cells, className, open, label }) {
  const narrow = matchMedia("(max-width: 760px)").matches;
  const height = narrow ? 62 : 34;
  const top = narrow ? 0 : 31;
  const fill = el("div", { class: "fill" });
  fill.style.height = rows.length * height + "px";
  const scroll = el("div", { class: "scroll", tabindex: "0", role: "grid", "aria-label": label, "aria-rowcount": rows.length },
    el("div", { class: "head cols", role: "row" }, ...heads.map((h) => el("span", { role: "columnheader" }, h))), fill);
  let active = 0;
  const draw = () => {
    const first = Math.max(0, Math.floor(scroll.scrollTop / height) - 5);
    const last = Math.min(rows.length, first + Math.ceil(scroll.clientHeight / height) + 10);
    const shown = [];
    for (let i = first; i < last; i++) {
      const row = el("div", { class: "row " + className(rows[i]) + (i === active ? " active" : ""), role: "row", id: "row" + i, "aria-rowindex": i + 1, "data-i": i },
        ...cells(rows[i]).map((c) => { const span = el("span", { role: "gridcell" }, c); if (typeof c === "string") span.title = c; return span; }));
      row.style.top = i * height + "px";
      shown.push(row);
    }
    fill.replaceChildren(...shown);
    scroll.setAttribute("aria-activedescendant", "row" + active);
  };
  const move = (to) => {
    active = Math.max(0, Math.min(rows.length - 1, to));
    if (active * height < scroll.scrollTop) scroll.scrollTop = active * height;
    const bottom = (active + 1) * height + top;
    if (bottom > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = bottom - scroll.clientHeight;
    draw();
  };
  const page = () => Math.max(1, Math.floor(scroll.clientHeight / height) - 1);
  scroll.addEventListener("scroll", () => requestAnimationFrame(draw));
  scroll.addEventListener("keydown", (e) => {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page(), PageUp: -page(), Home: -rows.length, End: rows.length };
    if (e.key in steps) { e.preventDefault(); move(active + steps[e.key]); }
    if ((e.key === "Enter" || e.key === " ") && rows[active]) { e.preventDefault(); open(rows[active], scroll); }
  });
  fill.addEventListener("click", (e) => {
    const row = e.target.closest(".row");
    if (row) { move(Number(row.dataset.i)); open(rows[active], scroll); }
  });
  container.replaceChildren(rows.length ? scroll : el("p", { class: "dim empty" }, "Nothing is left of the filter."));
  draw();
}
