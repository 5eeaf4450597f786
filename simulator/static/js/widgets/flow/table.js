// The table of nodes: name, kind, where each branch leads; the form of the open one stands below its row.
import { announce } from '../../texts.js';
import { ask, paragraph } from '../../confirm.js';
import { branches } from './kinds.js';
import { openForm } from './form.js';

const ID = /^\w{1,50}$/; // what Dify accepts in references

/** Keeps the list of nodes like the flow. */
export class NodeTable {
  constructor(editor) {
    this.editor = editor;
    this.list = editor.part('nodes');
    this.row = editor.field.querySelector('template[data-flow-row]');
  }

  /** Draw all rows anew. */
  paint() {
    const { flow, open } = this.editor;
    const focused = this.list.contains(document.activeElement) ? document.activeElement.closest('[data-node]').dataset.node : null;
    this.list.replaceChildren(...flow.ids.map((id) => this.#make(id)));
    this.follow();
    if (open) this.#form(open);
    if (focused !== null) (this.#rowOf(focused)?.querySelector('[data-toggle]') ?? this.editor.part('add')).focus({ preventScroll: true });
  }

  /** Make the rows say what the flow says, without touching a form or a control that has the focus. */
  follow() {
    const { flow } = this.editor;
    this.titles = flow.ids.map((id) => flow.titleOf(id)).join('\n');
    for (const row of this.list.children) this.#fill(row, row.dataset.node);
  }

  /** Bring the row of node `id` into view and give it the focus. */
  focus(id) {
    const row = this.#rowOf(id);
    row?.querySelector('[data-toggle]').focus({ preventScroll: true });
    row?.scrollIntoView({ block: 'nearest' });
  }

  #rowOf(id) { return [...this.list.children].find((row) => row.dataset.node === id); }

  #make(id) {
    const row = this.row.content.cloneNode(true).firstElementChild;
    row.dataset.node = id;
    row.querySelector('[data-toggle]').addEventListener('click', () => this.editor.toggle(id));
    return row;
  }

  #fill(row, id) {
    const { editor } = this;
    const { flow, say } = editor;
    const { data } = flow.find(id);
    const title = flow.titleOf(id);
    row.querySelector('[data-title]').textContent = title;
    row.querySelector('[data-kind-name]').textContent = editor.kindName(data.type);
    row.querySelector('[data-id]').textContent = id;
    row.querySelector('[data-toggle]').setAttribute('aria-expanded', String(editor.open === id));
    row.classList.toggle('flow__node--open', editor.open === id);
    const found = editor.findings.of(id);
    const mark = row.querySelector('[data-mark]');
    mark.hidden = !found.length;
    mark.classList.toggle('flow__mark--error', found.some((one) => one.severity === 'error'));
    mark.querySelector('[data-count]').textContent = say(found.some((one) => one.severity === 'error') ? 'errors' : 'warnings', { n: found.length });
    this.#fillNext(row.querySelector('[data-next]'), id, title);
  }

  #fillNext(box, id, title) {
    const { flow, say } = this.editor;
    const ways = branches(flow.find(id).data, say);
    const state = JSON.stringify([ways, ways.map(({ handle }) => flow.next(id, handle)), this.titles, this.wider]);
    if (box.contains(document.activeElement) || box.shown === state) return; // many nodes, many keystrokes
    box.shown = state;
    box.replaceChildren(...ways.map(({ handle, label }) => {
      const name = label || say('next');
      const targets = flow.next(id, handle);
      const more = this.wider === `${id} ${handle}`;
      const row = Object.assign(document.createElement('div'), { className: 'flow__next' });
      const word = Object.assign(document.createElement('span'), { className: 'flow__branch', textContent: name, title: name });
      const cell = Object.assign(document.createElement('div'), { className: 'flow__targets' });
      const selects = (targets.length && !more ? targets : [...targets, '']).map((target, nth) => this.#target(id, handle, target, nth, say('nextOf', { title, branch: name })));
      cell.append(...selects);
      if (targets.length && !more) cell.append(this.#widen(id, handle, say('another', { title, branch: name })));
      row.append(word, cell);
      return row;
    }));
  }

  #target(id, handle, target, nth, label) {
    const { flow, say } = this.editor;
    const others = flow.ids.filter((other) => other !== id && flow.find(other).data.type !== 'start');
    const select = document.createElement('select');
    select.setAttribute('aria-label', nth ? `${label} ${nth + 1}` : label);
    select.autocomplete = 'off';
    select.append(new Option(say('nowhere'), ''), ...others.map((other) => new Option(flow.titleOf(other), other)));
    if (target && !others.includes(target)) select.add(new Option(flow.find(target) ? flow.titleOf(target) : say('missingNode', { id: target }), target));
    select.value = target;
    select.addEventListener('change', () => {
      this.wider = '';
      flow.connect(id, handle, select.value, nth);
      this.editor.changed('');
    });
    return select;
  }

  // Offers one more connection of the same branch: what follows goes on side by side.
  #widen(id, handle, label) {
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'button button--small', textContent: '+', title: label });
    button.setAttribute('aria-label', label);
    button.addEventListener('click', () => {
      this.wider = `${id} ${handle}`;
      button.blur();
      const box = this.#rowOf(id).querySelector('[data-next]');
      this.#fillNext(box, id, this.editor.flow.titleOf(id));
      [...box.querySelectorAll('select')].find((select) => !select.value)?.focus();
    });
    return button;
  }

  #form(id) {
    const row = this.#rowOf(id);
    if (!row) return;
    const { editor } = this;
    const box = row.querySelector('[data-form-box]');
    box.append(editor.field.querySelector('template[data-flow-common]').content.cloneNode(true));
    const { data } = editor.flow.find(id);
    this.#text(box.querySelector('[data-own=title]'), data.title ?? '', (value) => { data.title = value; editor.changed(`${id} title`); });
    this.#text(box.querySelector('[data-own=desc]'), data.desc ?? '', (value) => { data.desc = value; editor.changed(`${id} desc`); });
    const name = box.querySelector('[data-own=id]');
    name.value = id;
    name.addEventListener('change', () => this.#rename(id, name));
    box.querySelector('[data-copy]').addEventListener('click', () => this.#copy(id));
    box.querySelector('[data-delete]').addEventListener('click', () => this.#delete(id));
    openForm(box.querySelector('[data-own-form]'), editor, id, (key, more = {}) => {
      editor.changed(key, more);
      if (more.focus) this.#focusIn(id, more.focus);
    });
  }

  #text(input, value, write) {
    input.value = value;
    input.addEventListener('input', () => write(input.value));
  }

  #focusIn(id, path) {
    const box = this.#rowOf(id)?.querySelector('[data-form-box]');
    const control = path === 'tool' ? box?.querySelector('[data-tool]') : [...box?.querySelectorAll('[data-bound]') ?? []].find((one) => one.dataset.bound.startsWith(path));
    (control?.matches('input, select, textarea') ? control : control?.querySelector('input, select, textarea, button'))?.focus();
  }

  #rename(id, input) {
    const { editor } = this;
    const next = input.value.trim();
    if (next === id) return;
    const wrong = !ID.test(next) || ['sys', 'env', 'conversation'].includes(next) ? 'badId' : editor.flow.find(next) ? 'takenId' : '';
    const box = input.closest('[data-form-box]').querySelector('[data-id-error]');
    box.textContent = wrong ? editor.say(wrong) : '';
    box.hidden = !wrong;
    if (wrong) return;
    editor.flow.rename(id, next);
    editor.open = next;
    editor.changed('', { whole: true });
    this.focus(next);
  }

  #copy(id) {
    const { editor } = this;
    const title = editor.say('copyOf', { title: editor.flow.titleOf(id) });
    editor.open = editor.flow.duplicate(id, title);
    editor.changed('', { whole: true });
    this.focus(editor.open);
    announce(editor.say('added', { title }));
  }

  async #delete(id) {
    const { editor } = this;
    const title = editor.flow.titleOf(id);
    const buttons = [{ value: '', label: editor.say('cancel') }, { value: 'yes', label: editor.say('remove'), kind: 'danger' }];
    if (await ask({ title: editor.say('removeTitle', { title }), content: paragraph(editor.say('removeText')), buttons }) !== 'yes') return;
    editor.flow.remove(id);
    editor.open = '';
    editor.changed('', { whole: true });
    editor.part('add').focus();
    announce(editor.say('removed', { title }));
  }
}
