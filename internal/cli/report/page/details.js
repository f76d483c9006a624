// What one click shows.

let opener = null;

function showDetails(title, className, parts, from) {
  opener = from || document.activeElement;
  const close = el("button", { id: "close", type: "button", "aria-label": "Close (Esc)", onclick: hideDetails }, "✕");
  const details = $("details");
  details.className = className;
  details.replaceChildren(el("h2", { id: "details-title" }, title), close, ...parts);
  details.hidden = false;
  details.scrollTop = 0;
  details.focus(); // and not the button, which the key that opened this would press
}

function hideDetails() {
  $("details").hidden = true;
  if (opener && opener.isConnected) opener.focus();
}

// code shows a text that can be copied; the lines that decided are marked.
function code(text, marked) {
  const pre = el("pre", { tabindex: "0" });
  for (const line of text.replace(/\n$/, "").split("\n")) {
    pre.append(marked && marked(line) ? el("mark", {}, line) : line, "\n");
  }
  const copy = el("button", { class: "copy", type: "button", onclick: () => {
    navigator.clipboard.writeText(text).then(() => { copy.textContent = "copied"; }, () => getSelection().selectAllChildren(pre));
  } }, "copy");
  return [copy, pre];
}

function connectionDetails(data, c, from) {
  const parts = [el("p", {}, el("span", { class: "state" }, c.state.sign + " " + c.state.id), ": " + c.state.meaning + ".")];
  if (c.exempt) parts.push(el("p", {}, "Exempt: " + c.exempt));
  if (c.was) parts.push(el("p", {}, "Since the earlier report: " + c.was + " → " + c.state.id));
  if (c.why && !c.exempt) parts.push(el("p", {}, "Why: " + c.why + "."));
  parts.push(el("h3", {}, "From"), el("p", {}, whose(data, c)));
  const path = data.paths[c.path];
  if (path.length) parts.push(el("h3", {}, "Hop by hop"), el("ol", { class: "hops" }, ...path.map((h) => hopItem(c, h))));
  const finding = data.findings[c.finding];
  if (finding) {
    parts.push(el("h3", {}, "What the policies say"), el("p", {}, el("b", {}, finding.policy + " "), finding.message));
    if (finding.fix) parts.push(el("h3", {}, "The fix"), ...code(finding.fix));
  } else if (c.bad) {
    parts.push(el("h3", {}, "The fix"), el("p", {}, "No policy wrote one for this client: tlsward explain " + c.target + " shows which objects were looked at."));
  }
  parts.push(...objects(data, [...path.map((h) => h.decidedBy), c.by]));
  const others = c.siblings.filter((s) => s !== c);
  if (others.length) {
    parts.push(el("h3", {}, "Other clients of this port"), el("ul", {}, ...others.map((s) => el("li", { class: s.state.id },
      el("button", { class: "copy", type: "button", onclick: () => connectionDetails(data, s, opener) }, el("span", { class: "state" }, s.state.sign + " " + s.state.id), " " + s.from)))));
  }
  showDetails(c.target, c.state.id, parts, from);
}

function whose(data, c) {
  if (c.list < 0) return c.list === -1 ? "every namespace that no other line of this port names (" + c.client + ")" : c.client;
  return [...data.lists[c.list]].map((n) => data.namespaces[n]).join(", ") + " (" + c.client + ")";
}

function hopItem(c, h) {
  const lines = [el("div", {}, el("b", {}, h.from), " → ", el("b", {}, h.to), ` port ${h.port}`, h.protocol ? ", " + h.protocol : "")];
  if (h.tls) {
    lines.push(el("div", {}, "TLS: " + h.tls + "; server name sent: " + (h.sni || (h.autoSNI ? "the Host header" : "none"))),
      el("div", {}, "name checked: " + (h.names.length ? h.names.join(", ") : h.verified ? (h.autoNames ? "the Host header" : "by the mesh's identity") : "none: any certificate of a known CA will do")));
  } else {
    lines.push(el("div", {}, c.state.id === "application-tls" ? "TLS: the application's own" : "TLS: none by a proxy"));
  }
  if (h.decidedBy) lines.push(el("div", { class: "dim" }, "decided by " + h.decidedBy));
  return el("li", {}, ...lines);
}

// objects shows the YAML of the objects that decisions name, with the last part of the field marked.
function objects(data, decisions) {
  const parts = [], seen = new Set();
  for (const decision of decisions) {
    const ref = Object.keys(data.yaml).find((r) => decision && (decision === r || decision.startsWith(r + " ")));
    if (!ref || seen.has(ref)) continue;
    seen.add(ref);
    const field = decision.slice(ref.length + 1).split(".").pop().replace(/\[.*$/, "");
    parts.push(el("h3", {}, ref), ...code(data.text[data.yaml[ref]], (line) => field && line.trim().replace(/^- /, "").startsWith(field + ":")));
  }
  return parts;
}

function findingDetails(data, f, from) {
  const parts = [el("p", {}, el("span", { class: "state" }, f.action), " " + f.policy), el("p", {}, f.message)];
  if (f.exempt) parts.push(el("p", {}, "Exempt: " + f.exempt));
  if (f.overdue) parts.push(el("p", {}, el("b", {}, "! overdue"), " since " + f.overdue + ": nobody seems to be on the way to mend it."));
  if (f.fix) parts.push(el("h3", {}, "The fix"), ...code(f.fix));
  showDetails(f.object, f.action, [...parts, ...objects(data, [f.by, f.object])], from);
}

function workloadDetails(data, w, from) {
  const decisions = w.by ? w.by.split("; ") : [];
  const parts = [el("p", {}, el("span", { class: "state" }, w.admits.meaning), "; mutual TLS is " + w.mtls + ".")];
  parts.push(el("h3", {}, "Decided by"), el("p", {}, decisions.join("; ") || "nothing: no policy is for these pods, and no PeerAuthentication says STRICT"));
  for (const f of data.findings.filter((f) => f.by && decisions.includes(f.by))) {
    parts.push(el("h3", {}, "What the policies say"), el("p", {}, f.message), ...(f.fix ? code(f.fix) : []));
  }
  showDetails("Service " + w.namespace + "/" + w.name, w.admits.id, [...parts, ...objects(data, decisions)], from);
}
