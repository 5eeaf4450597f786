// One flow field: its YAML and its nodes are the same thing at every moment, and every step can be taken back.
import { Chart } from './graph.js';
import { Findings } from './findings.js';
import { NodeTable } from './table.js';
import { announce, textsOf } from '../../texts.js';
import { ask, paragraph } from '../../confirm.js';
import { fetchTools } from './tools.js';
import { isKnown } from './kinds.js';
import { read } from './model.js';
import { starterOf } from '../../collect.js';
import { wireFiles } from './files.js';

const MERGE_MS = 2000; // typing in one place is one step
const STEPS = 200;
const TYPING_MS = 150;

/** The editor of one field. `flow` is null while the YAML cannot be read; `problem` then says why. */
export class Editor {
  constructor(field) {
    Object.assign(this, { field, area: field.querySelector('[data-value]'), say: textsOf(field), undone: [], done: [], open: '', own: false });
    this.tools = [];
    this.documents = JSON.parse(field.dataset.documents);
    this.table = new NodeTable(this);
    this.chart = new Chart(this);
    this.findings = new Findings(this);
    this.#wire();
    this.#read();
    this.show(this.flow ? 'form' : 'yaml');
    this.findings.ask();
    fetchTools(field.dataset.toolsUrl).catch(() => []).then((tools) => {
      this.tools = tools;
      if (this.open && this.flow) this.table.paint();
    });
  }

  part(name) { return this.field.querySelector(`[data-flow-${name}]`); }

  #wire() {
    for (const tab of this.field.querySelectorAll('[data-flow-tab]')) tab.addEventListener('click', () => this.show(tab.dataset.flowTab));
    for (const part of ['tabs', 'bar', 'check']) this.part(part).hidden = false;
    this.part('undo').addEventListener('click', () => this.#step(this.done, this.undone));
    this.part('redo').addEventListener('click', () => this.#step(this.undone, this.done));
    this.part('big').addEventListener('click', () => this.#big());
    this.part('goto').addEventListener('click', () => this.toLine(this.problem?.line ?? 1));
    this.part('restore')?.addEventListener('click', () => this.#restore());
    this.part('add').addEventListener('click', () => this.#add());
    this.field.addEventListener('keydown', (event) => this.#key(event));
    this.field.addEventListener('field:filled', () => { this.done = []; this.undone = []; this.#read(); this.findings.ask(); });
    this.area.addEventListener('input', () => { if (!this.own) this.#typed(); });
    this.typedText = this.area.value;
    wireFiles(this);
  }

  // The YAML was typed: read it once the person pauses.
  #typed() {
    this.#remember(this.typedText, 'yaml');
    this.typedText = this.area.value;
    this.stale = true;
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.#read(), TYPING_MS);
    this.findings.soon();
  }

  #read() {
    clearTimeout(this.waiting);
    Object.assign(this, { typedText: this.area.value, stale: false });
    const { flow = null, error = null } = read(this.area.value, this.say);
    Object.assign(this, { flow, problem: error });
    if (flow && this.open && !flow.find(this.open)) this.open = '';
    this.paint();
  }

  paint() {
    const { problem } = this;
    this.part('broken').hidden = !problem;
    this.part('design').hidden = Boolean(problem);
    if (problem) this.part('why').textContent = problem.line ? this.say('atLine', { line: problem.line, message: problem.message }) : problem.message;
    this.part('goto').hidden = !problem?.line;
    if (this.flow) {
      this.table.paint();
      this.chart.paint();
    }
    this.#paintSteps();
  }

  #paintSteps() {
    this.part('undo').disabled = !this.done.length;
    this.part('redo').disabled = !this.undone.length;
  }

  /** Show one of the two views: 'form' or 'yaml'. */
  show(view) {
    if (this.stale) this.#read();
    for (const tab of this.field.querySelectorAll('[data-flow-tab]')) tab.setAttribute('aria-pressed', String(tab.dataset.flowTab === view));
    this.part('forms').hidden = view !== 'form';
    this.part('yaml').hidden = view !== 'yaml';
    if (this.flow) this.chart.paint(); // now it knows how much room it has
  }

  /** The flow was changed through a form or a list: write it down. key: same place, same step; '' is a step of its own. */
  changed(key, { whole = false } = {}) {
    this.#write(this.flow.text(), key);
    if (whole) this.paint();
    else {
      this.table.follow();
      this.chart.paint();
      this.#paintSteps();
    }
  }

  // Put `text` in place of the present one, as a step.
  #write(text, key) {
    this.#remember(this.area.value, key);
    this.#put(text);
  }

  #put(text) {
    this.area.value = text;
    this.typedText = text;
    this.own = true;
    this.area.dispatchEvent(new Event('input', { bubbles: true }));
    this.own = false;
    this.findings.soon();
  }

  #remember(text, key) {
    const now = performance.now();
    const same = key && key === this.lastKey && now - this.lastAt < MERGE_MS;
    Object.assign(this, { lastKey: key, lastAt: now });
    if (same || this.done.at(-1) === text) return;
    this.done = [...this.done, text].slice(-STEPS);
    this.undone = [];
  }

  #step(from, to) {
    if (!from.length) return;
    to.push(this.area.value);
    this.lastKey = '';
    this.#put(from.pop());
    this.#read();
    announce(this.say(from === this.done ? 'undid' : 'redid'));
  }

  /** Replace the whole flow by `text`. */
  replace(text) {
    this.#write(text, '');
    this.#read();
  }

  async #restore() {
    const buttons = [{ value: '', label: this.say('cancel') }, { value: 'yes', label: this.say('restore'), kind: 'danger' }];
    if (await ask({ title: this.say('restoreTitle'), content: paragraph(this.say('restoreText')), buttons }) === 'yes') this.replace(starterOf(this.field));
  }

  #add() {
    const kind = this.part('kind').value;
    const word = this.kindName(kind);
    let title = word;
    for (let n = 2; this.flow.nodes.some((node) => node.data.title === title); n += 1) title = `${word} ${n}`;
    const id = this.flow.add(kind, title);
    this.open = id;
    this.changed('', { whole: true });
    this.table.focus(id);
    announce(this.say('added', { title }));
  }

  /** Open the form of node `id`, or shut it if it is open. */
  toggle(id) {
    this.open = this.open === id ? '' : id;
    this.paint();
    if (this.open) this.table.focus(id);
  }

  /** Show the form of node `id`. */
  toNode(id) {
    this.show('form');
    this.open = id;
    this.paint();
    this.table.focus(id);
  }

  /** Show line `line` of the YAML. */
  toLine(line) {
    this.show('yaml');
    const lines = this.area.value.split('\n');
    const begin = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
    this.area.focus();
    this.area.setSelectionRange(begin, begin + (lines[line - 1]?.length ?? 0));
    this.area.scrollTop = Math.max(0, (line - 5) * parseFloat(getComputedStyle(this.area).lineHeight));
  }

  /** What a kind is called; kinds without a form keep their own name. */
  kindName(kind) {
    const option = isKnown(kind) ? this.part('kind').querySelector(`option[value="${CSS.escape(kind)}"]`) : null;
    return option?.textContent ?? String(kind);
  }

  #big() {
    const big = this.field.classList.toggle('flow--big');
    this.part('big').setAttribute('aria-pressed', String(big));
    this.paint();
  }

  #key(event) {
    if (event.key === 'Escape' && this.field.classList.contains('flow--big') && !document.querySelector('dialog[open]')) this.#big();
    if (!(event.ctrlKey || event.metaKey) || event.target.matches('textarea, input[type=text], input[type=number]')) return;
    const key = event.key.toLowerCase();
    if (key !== 'z' && key !== 'y') return;
    event.preventDefault();
    if (key === 'y' || event.shiftKey) this.#step(this.undone, this.done);
    else this.#step(this.done, this.undone);
  }
}
