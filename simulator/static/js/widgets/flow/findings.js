// Lint while writing: asks the server a moment after the last change, lists what it finds, and marks the nodes.
import { announce } from '../../texts.js';
import { send } from '../../api.js';

const PAUSE_MS = 700;
const RETRY_MS = 5000;

/** The findings of one editor. */
export class Findings {
  constructor(editor) {
    Object.assign(this, { editor, list: editor.part('findings'), head: editor.part('lint'), found: [], asked: '' });
  }

  /** The findings at node `id`. */
  of(id) {
    return this.found.filter((one) => one.place === id);
  }

  /** Ask once nothing has changed for a moment. */
  soon(pause = PAUSE_MS) {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.ask(), pause);
  }

  /** Ask now. An answer to an older question is dropped. */
  async ask() {
    clearTimeout(this.waiting);
    const { area, field, say } = this.editor;
    const value = area.value;
    this.asked = value;
    if (!value.trim()) { this.#show([], say('lintBlank')); return; }
    const answer = await send(field.dataset.lintUrl, { method: 'POST', body: { value } });
    if (this.asked !== value) return;
    if (answer.kind === 'done') this.#show(answer.findings, '');
    else if (answer.kind === 'unreachable') { this.head.textContent = say('lintOffline'); this.soon(RETRY_MS); }
    else if (answer.error) this.#show([], answer.error);
  }

  #show(found, instead) {
    const { editor } = this;
    const before = this.said;
    this.found = found;
    const errors = found.filter((one) => one.severity === 'error').length;
    this.said = instead || (found.length ? editor.say('lintCount', { errors, warnings: found.length - errors }) : editor.say('lintNone'));
    this.head.textContent = this.said;
    this.head.classList.toggle('flow__lint--error', errors > 0);
    this.list.replaceChildren(...found.map((one) => this.#item(one)));
    this.list.hidden = !found.length;
    if (before !== undefined && before !== this.said) announce(this.said);
    if (editor.flow) {
      editor.table.follow();
      editor.chart.paint();
    }
  }

  #item({ severity, place, line, message }) {
    const { editor } = this;
    const item = document.createElement('li');
    item.className = `flow__finding flow__finding--${severity}`;
    const word = Object.assign(document.createElement('b'), { textContent: editor.say(severity) });
    item.append(word, ' ', message, ' ');
    const known = place && editor.flow?.find(place);
    if (known) item.append(this.#link(editor.say('toNode', { title: editor.flow.titleOf(place) }), () => editor.toNode(place)), ' ');
    if (line) item.append(this.#link(editor.say('toLine', { line }), () => editor.toLine(line)));
    return item;
  }

  #link(label, go) {
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'link', textContent: label });
    button.addEventListener('click', go);
    return button;
  }
}
