"use strict";
// What the report knows, and what of it is shown. Texts are numbers into data.text, lists of namespaces into data.lists.

const $ = (id) => document.getElementById(id);

// el makes an element; texts are never taken for HTML.
function el(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
    else if (key === "class") e.className = value;
    else if (value === true) e.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) e.setAttribute(key, value);
  }
  e.append(...children.filter((c) => c !== null && c !== undefined && c !== ""));
  return e;
}

async function load(packed) {
  const raw = atob(packed.trim());
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return prepare(await new Response(plain).json());
}

// prepare turns the rows of the data into objects.
function prepare(data) {
  const text = (i) => data.text[i];
  data.lists.forEach((l, i) => { data.lists[i] = new Set(l); });
  const ports = new Map();
  data.connections = data.connections.map((r, id) => {
    const c = { id, host: text(r[0]), port: r[1], state: data.states[r[2]], client: text(r[3]), list: r[4], from: text(r[5]), gateway: text(r[6]),
      by: text(r[7]), why: text(r[8]), exempt: text(r[9]), path: r[10], finding: r[11], was: text(r[12]) };
    c.bad = c.state.bad && !c.exempt;
    c.target = c.host + ":" + c.port;
    if (!ports.has(c.target)) ports.set(c.target, []);
    ports.get(c.target).push(c);
    c.siblings = ports.get(c.target);
    c.find = [c.target, c.client, c.from, c.gateway, c.by, c.why, c.state.id, c.exempt].join("\n").toLowerCase();
    return c;
  });
  data.ports = ports;
  data.findings = data.findings.map((r) => ({ policy: text(r[0]), action: text(r[1]), object: text(r[2]), client: text(r[3]), host: text(r[4]), port: r[5],
    message: text(r[6]), fix: text(r[7]), by: text(r[8]), exempt: text(r[9]), overdue: text(r[10]) }));
  data.workloads = data.workloads.map((r) => ({ namespace: text(r[0]), name: text(r[1]), admits: data.admits[r[2]], mtls: text(r[3]), by: text(r[4]) }));
  return data;
}

// includes reports whether pods of a namespace (its number) send by a connection: one without a list is of those that none of its
// siblings names.
function includes(data, c, namespace) {
  if (c.list >= 0) return data.lists[c.list].has(namespace);
  return c.list === -1 && !c.siblings.some((s) => s.list >= 0 && data.lists[s.list].has(namespace));
}

// filtered returns the connections that a filter {query, namespace, states} leaves.
function filtered(data, filter) {
  const words = filter.query.toLowerCase().split(/\s+/).filter(Boolean).map((word) => {
    const names = data.namespaces.map((n, i) => (n.includes(word) ? i : -1)).filter((i) => i >= 0);
    const lists = data.lists.map((l) => names.some((n) => l.has(n)));
    return { word, lists };
  });
  const namespace = filter.namespace ? data.namespaces.indexOf(filter.namespace) : -1;
  return data.connections.filter((c) => (filter.states.size === 0 || filter.states.has(c.state.id)) &&
    (!filter.changed || c.was) &&
    (namespace < 0 || includes(data, c, namespace)) &&
    words.every(({ word, lists }) => c.find.includes(word) || (c.list >= 0 && lists[c.list])));
}
