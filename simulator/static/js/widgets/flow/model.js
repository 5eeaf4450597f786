// One agent flow as Dify writes it down: the YAML as data, and what may be done to it. Keys that nothing here knows stay.
//
// Strings that look like dates or numbers of older YAML are quoted when written, so that every reader sees what was meant.
import { CORE_SCHEMA, dump, load } from '../../../vendor/js-yaml-4.3.2/js-yaml.mjs';
import { branches, fresh, handleOf, prefixOf } from './kinds.js';
import { layers } from './layout.js';

const STEP_X = 304; // Dify draws nodes 244 wide
const STEP_Y = 140;

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/** Read YAML: {flow} or {error: {message, line}}; line counts from 1, null if it has none. say: the widget's texts. */
export function read(text, say) {
  let doc;
  try {
    doc = load(text, { schema: CORE_SCHEMA });
  } catch (error) {
    const line = error.mark ? error.mark.line + 1 : null;
    return { error: { line, message: say('notYaml', { reason: error.reason ?? error.message }) } };
  }
  const graph = isObject(doc) ? doc.workflow?.graph : null;
  if (!isObject(graph) || !Array.isArray(graph.nodes)) return { error: { line: null, message: say('noGraph') } };
  if (graph.edges !== undefined && !Array.isArray(graph.edges)) return { error: { line: null, message: say('noEdges') } };
  graph.edges ??= [];
  return { flow: new Flow(doc) };
}

/** The nodes and edges of a flow; `doc` is the whole file. */
export class Flow {
  constructor(doc) {
    this.doc = doc;
  }

  get graph() { return this.doc.workflow.graph; }

  /** Nodes that forms can show: those with an id, data and a place of their own. */
  get nodes() { return this.graph.nodes.filter((node) => isObject(node) && node.id !== undefined && isObject(node.data)); }

  get edges() { return this.graph.edges.filter(isObject); }

  get ids() { return this.nodes.map((node) => String(node.id)); }

  find(id) { return this.nodes.find((node) => String(node.id) === id); }

  titleOf(id) { return String(this.find(id)?.data.title || id); }

  #leaving(id, handle) {
    return this.edges.filter((one) => String(one.source) === id && handleOf(one) === handle);
  }

  /** Where branch `handle` of node `id` leads: the ids of nodes, several if they go on side by side. */
  next(id, handle) {
    return this.#leaving(id, handle).map((edge) => String(edge.target));
  }

  /** Lead branch `handle` of node `id` to node `target` ('' to nowhere), in place of its connection number `nth`. */
  connect(id, handle, target, nth = 0) {
    const old = this.graph.edges.indexOf(this.#leaving(id, handle)[nth]);
    const kept = old < 0 ? {} : this.graph.edges.splice(old, 1)[0];
    if (!target) return;
    const kinds = { ...kept.data, isInIteration: false, sourceType: this.find(id).data.type, targetType: this.find(target)?.data.type ?? '' };
    const ends = { source: id, sourceHandle: handle, target, targetHandle: 'target' };
    const edge = { ...kept, data: kinds, id: `${id}-${handle}-${target}-target`, ...ends, type: 'custom', zIndex: 0 };
    this.graph.edges.splice(old < 0 ? this.graph.edges.length : old, 0, edge);
  }

  /** Drop the edges for which `test(edge)` is true. */
  cut(test) {
    this.graph.edges = this.graph.edges.filter((edge) => !isObject(edge) || !test(edge));
  }

  /** Drop the edges of node `id` whose branch exists no more. */
  trim(id) {
    const known = new Set(branches(this.find(id).data).map(({ handle }) => handle));
    this.cut((edge) => String(edge.source) === id && !known.has(handleOf(edge)));
  }

  /** Add a node of `kind` called `title`, after all others; return its id. */
  add(kind, title) {
    return this.#put({ data: { ...fresh(kind), type: kind, title, desc: '', selected: false } });
  }

  /** Add a copy of node `id` without its connections; return its id. */
  duplicate(id, title) {
    const { id: _id, position: _position, positionAbsolute: _absolute, ...rest } = structuredClone(this.find(id));
    return this.#put({ ...rest, data: { ...rest.data, title } });
  }

  #put(node) {
    const stem = prefixOf(node.data.type);
    let number = 1;
    while (this.ids.includes(`${stem}${number}`)) number += 1;
    const id = `${stem}${number}`;
    this.graph.nodes.push({ id, type: 'custom', ...node });
    this.#place(this.find(id));
    return id;
  }

  remove(id) {
    this.graph.nodes = this.graph.nodes.filter((node) => !isObject(node) || String(node.id) !== id);
    this.cut((edge) => String(edge.source) === id || String(edge.target) === id);
  }

  /** Give node `id` another id, everywhere: edges, selectors ([id, name]) and references in texts. */
  rename(id, next) {
    this.find(id).id = next;
    for (const edge of this.edges) {
      if (String(edge.source) === id) edge.source = next;
      if (String(edge.target) === id) edge.target = next;
      edge.id = `${edge.source}-${handleOf(edge)}-${edge.target}-target`;
    }
    const walk = (value) => {
      if (typeof value === 'string') return value.replaceAll(`{{#${id}.`, `{{#${next}.`);
      if (Array.isArray(value)) {
        const words = value.map(walk);
        if (words.length > 1 && words.every((word) => typeof word === 'string') && words[0] === id) words[0] = next;
        return words;
      }
      if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, walk(part)]));
      return value;
    };
    for (const node of this.nodes) node.data = walk(node.data);
  }

  // A place for a node that has none: Dify needs one to draw it.
  #place(node) {
    const taken = this.nodes.filter((other) => other !== node && isObject(other.position)).map(({ position }) => position);
    const x = taken.length ? Math.max(...taken.map((one) => Number(one.x) || 0)) + STEP_X : 80;
    node.position = { x, y: taken.length ? Number(taken[0].y) || 0 : 280 };
  }

  /** Fill in what Dify needs to draw the flow and the file leaves out: places and sides. */
  complete() {
    const bare = this.nodes.filter((node) => !isObject(node.position));
    if (!bare.length) return;
    const places = layers(this.ids, this.edges);
    for (const node of bare) {
      const { layer, row } = places.get(String(node.id));
      node.position = { x: 80 + layer * STEP_X, y: 280 + row * STEP_Y };
      node.type ??= 'custom';
    }
  }

  /** The flow as YAML. */
  text() {
    this.complete();
    return dump(this.doc, { lineWidth: -1, noRefs: true });
  }
}
