// Boxes on images. The answer is JSON in the field's textarea; the picture (canvas.js) and the table (table.js) both show the same
// Model and both change only it.
import { Canvas } from './boxes/canvas.js';
import { Files } from './boxes/files.js';
import { Model } from './boxes/model.js';
import { Table } from './boxes/table.js';
import { ask, paragraph } from '../confirm.js';
import { starterOf } from '../collect.js';
import { textsOf } from '../texts.js';

const TYPING = 'input, select, textarea';
const pairs = (written) => Object.fromEntries(JSON.parse(written)); // an object would come with its keys sorted

class BoxesField {
  constructor(field) {
    this.field = field;
    this.area = field.querySelector('[data-value]');
    this.say = textsOf(field);
    this.part = (name) => field.querySelector(`[data-${name}]:not(template)`);
    const images = [...field.querySelectorAll('template[data-image]')].map(({ dataset }) => (
      { name: dataset.image, url: dataset.url, width: Number(dataset.width), height: Number(dataset.height) }));
    this.model = new Model({
      images, labels: pairs(field.dataset.labels), attributes: pairs(field.dataset.attributes), max: Number(field.dataset.max),
    });
    this.model.onChange = (written) => this.changed(written);
    this.label = Object.keys(this.model.labels)[0];
    this.canvas = new Canvas(this.part('view'), this);
    this.table = new Table(field, this);
    this.files = new Files(field, this);
    this.paintLabels();
    this.wire();
    this.setMoving(matchMedia('(pointer: coarse)').matches); // a finger has to be able to scroll past the picture
    this.read();
    this.part('tool').hidden = false;
    this.part('plain').hidden = true;
  }

  /** Take over what the textarea holds: at the start, and when it was filled from elsewhere. */
  read() {
    const broken = !this.model.read(this.area.value);
    this.area.hidden = !broken;
    if (broken) this.fail(this.say('broken'));
    this.paint();
  }

  get closed() {
    return this.area.readOnly;
  }

  /** The model has changed; written: by the person, so that it becomes the answer. */
  changed(written) {
    if (written && !this.closed) {
      this.area.value = this.model.write();
      this.area.hidden = true;
      this.area.dispatchEvent(new Event('input', { bubbles: true }));
    }
    this.paint();
  }

  paint() {
    const { model } = this;
    this.part('progress').textContent = this.say('progress', { n: model.at + 1, of: model.images.length, boxes: model.count() });
    this.part('images').replaceChildren(...model.images.map(({ name }, n) => {
      const option = new Option(this.say('option', { n: n + 1, name, boxes: model.boxesOn(name).length }), String(n));
      option.selected = n === model.at;
      return option;
    }));
    const acts = { previous: model.at === 0, next: model.at === model.images.length - 1, undo: !model.past.length, redo: !model.future.length, remove: !model.chosen };
    for (const [act, off] of Object.entries(acts)) this.field.querySelector(`[data-act=${act}]`).disabled = off || this.closed;
    const shown = model.chosen?.label ?? this.label;
    for (const button of this.part('labels-bar').children) button.setAttribute('aria-pressed', String(button.dataset.label === shown));
    this.canvas.paint();
    this.table.paint();
  }

  paintLabels() {
    this.part('labels-bar').replaceChildren(...Object.entries(this.model.labels).map(([id, name], n) => {
      const button = document.createElement('button');
      Object.assign(button, { type: 'button', className: 'button button--small boxes__label' });
      button.dataset.label = id;
      const mark = Object.assign(document.createElement('span'), { className: `boxes__mark boxes__mark--${n % 8}` });
      mark.setAttribute('aria-hidden', 'true');
      button.append(mark, name);
      if (n < 9) {
        button.append(' ', Object.assign(document.createElement('kbd'), { textContent: n + 1 }));
        button.setAttribute('aria-keyshortcuts', String(n + 1));
      }
      button.addEventListener('click', () => this.useLabel(id));
      return button;
    }));
  }

  /** Label the chosen box, and all that are drawn from now on. */
  useLabel(id) {
    this.label = id;
    const { chosen } = this.model;
    if (!chosen) { this.paint(); return; }
    this.model.change(chosen.key, { label: id });
    this.tell(this.say('now', { n: this.model.numberOf(chosen.key), label: this.model.labels[id] }));
  }

  /** Choose what a drag on the picture does: move what is seen, or draw. */
  setMoving(moving) {
    this.canvas.setMoving(moving);
    for (const mode of ['draw', 'move']) {
      const on = (mode === 'move') === moving;
      this.field.querySelector(`[data-act=${mode}]`).setAttribute('aria-pressed', String(on));
      this.part(`hint-${mode}`).hidden = !on;
    }
  }

  wire() {
    this.field.addEventListener('field:filled', () => { this.fail(''); this.read(); });
    this.part('images').addEventListener('change', (event) => { event.stopPropagation(); this.goTo(Number(event.target.value)); });
    for (const button of this.field.querySelectorAll('[data-act]')) button.addEventListener('click', () => this.act(button.dataset.act));
    this.field.addEventListener('keydown', (event) => this.key(event));
    this.part('restore')?.addEventListener('click', () => this.restore());
    if (this.part('restore')) this.part('restore').hidden = false;
  }

  async restore() {
    const buttons = [{ value: '', label: this.say('cancel') }, { value: 'yes', label: this.say('restore'), kind: 'danger' }];
    if (await ask({ title: this.say('restoreTitle'), content: paragraph(this.say('restoreText')), buttons }) === 'yes') this.model.replace(starterOf(this.field));
  }

  goTo(n) {
    if (n < 0 || n >= this.model.images.length) return;
    this.fail('');
    this.model.goTo(n);
  }

  act(name) {
    const { model } = this;
    const acts = {
      previous: () => this.goTo(model.at - 1),
      next: () => this.goTo(model.at + 1),
      undo: () => { if (model.undo()) this.tell(this.say('undone')); },
      redo: () => { if (model.redo()) this.tell(this.say('redone')); },
      remove: () => { if (model.chosen) this.remove(model.chosen.key); },
      draw: () => this.turn(false),
      move: () => this.turn(true),
      mode: () => this.turn(!this.canvas.moving),
      in: () => this.canvas.zoomBy(1.25),
      out: () => this.canvas.zoomBy(0.8),
      fit: () => this.canvas.fit(),
      add: () => this.table.add(),
    };
    acts[name]();
  }

  turn(moving) {
    this.setMoving(moving);
    this.tell(this.say(moving ? 'moves' : 'draws'));
  }

  /** Add a box to the image shown; returns it, null if there are too many. */
  add(box) {
    const added = this.model.add(box, this.label);
    if (added) this.tell(this.say('added', { n: this.model.numberOf(added.key), label: this.model.labels[added.label] }));
    else this.fail(this.say('full', { max: this.model.max }));
    return added;
  }

  remove(key) {
    this.model.remove(key);
    this.tell(this.say('removed'));
  }

  /** Keys of the tool. They never leave it: on the page the same keys turn pages and choose options. */
  key(event) {
    const { key, target } = event;
    const undo = (event.ctrlKey || event.metaKey) && !event.altKey && { z: event.shiftKey ? 'redo' : 'undo', y: 'redo' }[key.toLowerCase()];
    if (undo) {
      event.stopPropagation();
      if (target === this.area || target.matches('input') && target.value !== target.defaultValue) return; // typed text is undone first
      event.preventDefault();
      this.act(undo);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest(TYPING)) return;
    const number = /^[1-9]$/.test(key) ? Object.keys(this.model.labels)[key - 1] : null;
    const name = { Delete: 'remove', Backspace: 'remove', '+': 'in', '=': 'in', '-': 'out', 0: 'fit', p: 'previous', P: 'previous', n: 'next', N: 'next', m: 'mode', M: 'mode' }[key];
    if (number) this.useLabel(number);
    else if (name) this.act(name);
    else if (key === 'Escape') this.model.choose(null);
    else if (!/^[1-9a-e]$/i.test(key)) return;
    event.stopPropagation();
    event.preventDefault();
  }

  tell(sentence) {
    this.fail('');
    this.part('say').textContent = sentence;
  }

  fail(sentence) {
    this.part('wrong').textContent = sentence;
    this.part('wrong').hidden = !sentence;
    if (sentence) this.part('say').textContent = '';
  }
}

/** Bring every boxes field of the page to life. */
export function start() {
  for (const field of document.querySelectorAll('[data-widget=boxes]')) new BoxesField(field);
}
