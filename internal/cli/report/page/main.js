// The page: its summary, its filter and its views.

const filter = { query: "", namespace: "", states: new Set(), changed: false };
let view = "list", shownIn = 0;
let current = null; // the data of what is shown

const views = {
  list: { name: "Worst first", show: listView },
  matrix: { name: "Matrix", show: (data) => { const c = filtered(data, filter); tell(data, c); matrixView($("view"), data, c, (x, from) => connectionDetails(data, x, from)); } },
  workloads: { name: "Who is let in", show: workloadsView },
  findings: { name: "Policies", show: findingsView },
};

function tell(data, connections) {
  const ports = new Set(connections.map((c) => c.target)).size;
  $("count").textContent = `${connections.length} of ${data.connections.length} connections, to ${ports} ports`;
}

function listView(data) {
  const rows = filtered(data, filter);
  tell(data, rows);
  virtualList($("view"), { rows, label: "Connections, the worst first", heads: ["State", "Host and port", "From", "By", "Decided by"],
    className: (c) => c.state.id + (c.exempt ? " exempt" : ""),
    cells: (c) => [el("span", { class: "state" }, c.state.sign + " " + c.state.id + (c.exempt ? " (exempt)" : "") + (c.was ? " ←" : "")), el("span", { class: "cell-host" }, c.target), c.from, c.gateway, c.by || c.why],
    open: (c, from) => connectionDetails(data, c, from) });
}

// matches reports whether a text has all words of the search.
function matches(text) {
  const t = text.toLowerCase();
  return filter.query.toLowerCase().split(/\s+/).every((word) => t.includes(word));
}

function workloadsView(data) {
  const rows = data.workloads.filter((w) => (!filter.namespace || w.namespace === filter.namespace) && matches([w.namespace, w.name, w.admits.id, w.admits.meaning, w.mtls, w.by].join(" ")));
  $("count").textContent = `${rows.length} of ${data.workloads.length} Services`;
  virtualList($("view"), { rows, label: "Services and whom they let in", heads: ["Lets in", "Service", "", "mTLS", "Decided by"], className: (w) => w.admits.id,
    cells: (w) => [el("span", { class: "state" }, w.admits.sign + " " + w.admits.id), el("span", { class: "cell-host" }, w.namespace + "/" + w.name), w.admits.meaning, w.mtls, w.by], open: (w, from) => workloadDetails(data, w, from) });
}

function findingsView(data) {
  const rows = data.findings.filter((f) => (!filter.namespace || f.object.includes(" " + filter.namespace + "/")) && matches([f.policy, f.action, f.object, f.overdue && "overdue", f.message].join(" ")));
  $("count").textContent = `${rows.length} of ${data.findings.length} violations of what is stored`;
  virtualList($("view"), { rows, label: "Violations", heads: ["Action", "Object", "Policy", "", "What is wrong"], className: (f) => f.action,
    cells: (f) => [el("span", { class: "state" }, f.action), f.object, f.policy, f.overdue ? el("b", { title: "since " + f.overdue }, "! overdue") : "", f.message], open: (f, from) => findingDetails(data, f, from) });
}

function show(data) {
  const began = performance.now();
  for (const tab of $("tabs").children) {
    tab.setAttribute("aria-selected", tab.dataset.view === view);
    tab.tabIndex = tab.dataset.view === view ? 0 : -1;
  }
  views[view].show(data);
  shownIn = performance.now() - began;
  document.documentElement.dataset.shown = shownIn.toFixed(1);
}

function tiles(data) {
  $("tiles").replaceChildren();
  for (const state of data.states) {
    const n = data.summary.connections[state.id] || 0;
    if (!n && !state.bad) continue;
    const tile = el("button", { type: "button", class: "tile " + state.id, "aria-pressed": String(filter.states.has(state.id)), title: state.meaning, "data-state": state.id, onclick: () => {
      if (!filter.states.delete(state.id)) filter.states.add(state.id);
      tile.setAttribute("aria-pressed", filter.states.has(state.id));
      show(data);
    } }, el("b", {}, String(n)), state.sign + " " + state.id);
    $("tiles").append(tile);
  }
  if (data.connections.some((c) => c.was)) {
    const tile = el("button", { type: "button", class: "tile unknown", "aria-pressed": String(filter.changed), id: "changed", onclick: () => {
      filter.changed = !filter.changed;
      tile.setAttribute("aria-pressed", filter.changed);
      show(data);
    } }, el("b", {}, String(data.connections.filter((c) => c.was).length)), "← changed since");
    $("tiles").append(tile);
  }
}

function worst(data) {
  const bad = data.connections.filter((c) => c.bad), seen = new Set(), first = [];
  $("worst").replaceChildren();
  for (const c of bad) if (!seen.has(c.target)) { seen.add(c.target); if (first.length < 3) first.push(c); }
  if (!first.length) { $("worst").append(el("li", {}, "Nothing: everything that leaves is under TLS with its server's name checked, by the application, or exempt.")); return; }
  for (const c of first) {
    $("worst").append(el("li", { class: c.state.id }, el("button", { type: "button", onclick: (e) => connectionDetails(data, c, e.currentTarget) },
      el("div", {}, el("span", { class: "state" }, c.state.sign + " " + c.state.id)), el("div", { class: "host" }, c.target),
      el("div", { class: "dim" }, "from " + c.from), el("div", { class: "dim" }, c.why || c.by))));
  }
}

function time(made) { return new Date(made).toISOString().replace("T", " ").slice(0, 16) + " UTC"; }

function summarize(data) {
  const s = data.summary, w = s.workloads, open = (w["anybody"] || 0) + (w["some-rule"] || 0), services = Object.values(w).reduce((a, b) => a + b, 0);
  $("made").textContent = time(data.made) + " · " + s.namespaces + " namespaces";
  $("verdict").textContent = (s.badPorts ? `${s.badPorts} of ${s.ports} external ports have something to mend` : `All ${s.ports} external ports are in order`) +
    (s.exempt ? `, ${s.exempt} of ${data.connections.length} connections are exempt` : "") + (services ? `; ${open} of ${services} Services let in callers without an identity.` : ".") +
    (s.overdue ? ` ${s.overdue} warnings are overdue: they wait for a partner for too long.` : "") +
    (s.verified ? ` Of ${s.verified.connections} connections of ${s.verified.proxies} proxies, ${s.verified.disagreements} are not as tlsward says (${time(s.verified.at)}).` : "");
  tiles(data);
  worst(data);
  $("legend").replaceChildren(...data.states.map((x) => el("span", { class: x.id, title: x.meaning }, el("b", { class: "state" }, x.sign + " " + x.id), " " + x.meaning)));
  $("namespaces").replaceChildren(...data.namespaces.map((n) => el("option", { value: n })));
}

function controls() {
  for (const [id, v] of Object.entries(views)) {
    $("tabs").append(el("button", { type: "button", role: "tab", "data-view": id, onclick: () => { view = id; show(current); } }, v.name));
  }
  $("tabs").addEventListener("keydown", (e) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key], ids = Object.keys(views);
    if (!step) return;
    view = ids[(ids.indexOf(view) + step + ids.length) % ids.length];
    show(current);
    $("tabs").children[ids.indexOf(view)].focus();
  });
  $("search").addEventListener("input", () => { filter.query = $("search").value; show(current); });
  $("namespace").addEventListener("input", () => {
    filter.namespace = current.namespaces.includes($("namespace").value) ? $("namespace").value : "";
    show(current);
  });
  $("reset").addEventListener("click", () => {
    Object.assign(filter, { query: "", namespace: "", changed: false });
    filter.states.clear();
    $("search").value = $("namespace").value = "";
    for (const tile of $("tiles").children) tile.setAttribute("aria-pressed", "false");
    show(current);
  });
  addEventListener("keydown", (e) => {
    if (e.key === "Escape" && !$("details").hidden) hideDetails();
    if (e.key === "/" && !/INPUT|TEXTAREA/.test(document.activeElement.tagName)) { e.preventDefault(); $("search").focus(); }
  });
  let was = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== was) { was = innerWidth; show(current); } });
}

function theme() {
  const set = (t) => { document.documentElement.dataset.theme = t; };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  set(dark.matches ? "dark" : "light");
  dark.addEventListener("change", () => set(dark.matches ? "dark" : "light"));
  $("theme").addEventListener("click", () => set(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
}

theme();
load($("data").textContent).then((data) => {
  current = data;
  summarize(data);
  controls();
  show(data);
  if ($("data").dataset.tag) follow($("data").dataset.tag);
  document.documentElement.dataset.ready = performance.now().toFixed(0);
}, (err) => { $("verdict").textContent = "This browser cannot read the report: " + err; });
