// The drawing of the flow: to look at and to click. The table of nodes says the same to keyboard and screen reader.
import { branches, handleOf } from './kinds.js';
import { layers } from './layout.js';

const [WIDTH, HEIGHT, GAP_X, GAP_Y, EDGE] = [140, 46, 76, 18, 12];
const LEAST_SCALE = 0.85; // smaller could not be read
const NAME_UNITS = 19; // a Chinese character takes two
const LABEL_UNITS = 10;

// The namespace of drawings, from an icon: every page with a flow has some.
const NAMESPACE = document.querySelector('svg').namespaceURI;

function make(tag, attributes, ...children) {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function shorten(text, units) {
  let used = 0;
  let kept = '';
  for (const character of text) {
    used += character.codePointAt(0) > 0x2e7f ? 2 : 1;
    if (used > units) return `${kept}…`;
    kept += character;
  }
  return kept;
}

/** Draws the flow into its box. */
export class Chart {
  constructor(editor) {
    this.editor = editor;
    this.box = editor.part('chart');
  }

  paint() {
    const { flow, say } = this.editor;
    const places = layers(flow.ids, flow.edges);
    const spots = new Map([...places].map(([id, { layer, row }]) => [id, { x: EDGE + layer * (WIDTH + GAP_X), y: EDGE + row * (HEIGHT + GAP_Y) }]));
    const width = Math.max(WIDTH, ...[...spots.values()].map(({ x }) => x + WIDTH)) + EDGE;
    const height = Math.max(HEIGHT, ...[...spots.values()].map(({ y }) => y + HEIGHT)) + EDGE;
    const scale = Math.max(LEAST_SCALE, Math.min(1, (this.box.clientWidth - 2) / width));
    const label = say('drawing', { nodes: flow.ids.length, edges: flow.edges.length });
    const svg = make('svg', { viewBox: `0 0 ${width} ${height}`, width: width * scale, height: height * scale, role: 'img', 'aria-label': label });
    svg.append(...flow.edges.map((edge) => this.#edge(edge, spots)).filter(Boolean), ...flow.ids.map((id) => this.#node(id, spots.get(id))));
    const { scrollLeft, scrollTop } = this.box;
    this.box.replaceChildren(svg);
    Object.assign(this.box, { scrollLeft, scrollTop });
    this.#follow(spots.get(this.editor.open), scale);
  }

  // A node whose form was just opened is brought into view.
  #follow(spot, scale) {
    const { open } = this.editor;
    if (!spot || open === this.followed) return;
    this.followed = open;
    const [left, top] = [spot.x * scale, spot.y * scale];
    if (left < this.box.scrollLeft || left + WIDTH > this.box.scrollLeft + this.box.clientWidth) this.box.scrollLeft = left - this.box.clientWidth / 3;
    if (top < this.box.scrollTop || top + HEIGHT > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = top - this.box.clientHeight / 3;
  }

  #edge(edge, spots) {
    const { source, target } = edge;
    const [from, to] = [spots.get(String(source)), spots.get(String(target))];
    if (!from || !to) return null;
    const ways = branches(this.editor.flow.find(String(source)).data, this.editor.say);
    const at = ways.findIndex(({ handle }) => handle === handleOf(edge));
    const y = from.y + (HEIGHT * ((at < 0 ? 0 : at) + 1)) / (Math.max(ways.length, 1) + 1);
    const [x1, y1, x2, y2] = [from.x + WIDTH, y, to.x, to.y + HEIGHT / 2];
    const bend = Math.max(24, Math.abs(x2 - x1) / 2);
    const line = make('path', { class: at < 0 ? 'flow__edge flow__edge--lost' : 'flow__edge', d: `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` });
    const tip = make('path', { class: 'flow__tip', d: `M${x2 - 6} ${y2 - 4} L${x2} ${y2} L${x2 - 6} ${y2 + 4}` });
    const name = ways.length > 1 && at >= 0 ? ways[at].label : '';
    const group = make('g', {}, line, tip);
    if (name) {
      const text = make('text', { class: 'flow__label-text', x: x1 + 4, y: y1 - 2 }, shorten(name, LABEL_UNITS));
      text.append(make('title', {}, name));
      group.append(text);
    }
    return group;
  }

  #node(id, { x, y }) {
    const { editor } = this;
    const { data } = editor.flow.find(id);
    const found = editor.findings.of(id);
    const bad = found.some((one) => one.severity === 'error');
    const group = make('g', { class: `flow__box flow__box--${/^[\w-]+$/.test(data.type) ? data.type : 'other'}${editor.open === id ? ' flow__box--open' : ''}`, transform: `translate(${x} ${y})`, 'data-node': id });
    group.append(
      make('title', {}, [editor.flow.titleOf(id), ...found.map((one) => one.message)].join('\n')),
      make('rect', { width: WIDTH, height: HEIGHT, rx: 5 }), make('rect', { class: 'flow__stripe', width: 5, height: HEIGHT, rx: 2 }),
      make('text', { class: 'flow__name', x: 14, y: 19 }, shorten(editor.flow.titleOf(id), NAME_UNITS)),
      make('text', { class: 'flow__kind', x: 14, y: 36 }, shorten(editor.kindName(data.type), NAME_UNITS)),
    );
    if (found.length) {
      group.append(make('g', { class: bad ? 'flow__flag flow__flag--error' : 'flow__flag', transform: `translate(${WIDTH - 4} 2)` }, make('circle', { r: 9 }), make('text', { 'text-anchor': 'middle', y: 4 }, bad ? '✕' : '!')));
    }
    group.addEventListener('click', () => editor.toNode(id));
    return group;
  }
}
