// The picture: Annotorious draws, moves and resizes boxes; what it did is taken over when the pointer is let go, and it is then
// painted anew from the model. Names and colours lie over it in an SVG of our own: a style given to Annotorious would need
// inline styles, which the page's security policy forbids.
import '../../../vendor/@annotorious/annotorious-3.8.10/annotorious.js';
import { Hand } from './hand.js';
import { clip } from './model.js';

const { createImageAnnotator } = globalThis.Annotorious;
const [LEAST, MOST] = [0.25, 8]; // zoom
const TEXT = 13; // screen pixels

function annotation({ key, box: [x, y, w, h] }) {
  const bounds = { minX: x, minY: y, maxX: x + w, maxY: y + h };
  return { id: key, bodies: [], target: { annotation: key, selector: { type: 'RECTANGLE', geometry: { x, y, w, h, rot: 0, bounds } } } };
}

// Not from the geometry's bounds: while a box is dragged these are one step behind.
const boxOf = ({ target }) => {
  const { x, y, w, h } = target.selector.geometry;
  return [x, y, w, h];
};

export class Canvas {
  constructor(view, owner) {
    Object.assign(this, { view, owner, model: owner.model, zoom: 0, name: '', painting: false, pressed: false, moving: false, pending: new Map() });
    this.hand = new Hand(view, this); // before our own listeners: it keeps from them what is no drawing
    this.view.addEventListener('pointerdown', (event) => this.#press(event), true);
    // Annotorious stops the event on its way up, so it is caught on its way down, and looked at when Annotorious is done with it.
    for (const name of ['pointerup', 'pointercancel']) addEventListener(name, () => { if (this.pressed) setTimeout(() => this.#release(), 0); }, true);
    new ResizeObserver(() => { if (!this.zoom) this.#size(); }).observe(view);
  }

  /** moving: drags move the picture and the page, and a click only chooses; else drags draw and change boxes. */
  setMoving(moving) {
    this.moving = moving;
    this.view.classList.toggle('boxes__view--move', moving);
    this.#allow(!moving);
  }

  #allow(drawing) {
    if (!this.anno) return;
    this.anno.setDrawingEnabled(drawing);
    this.anno.setUserSelectAction(drawing ? 'EDIT' : 'SELECT');
    const selected = this.editing ?? this.anno.getSelected()[0]?.id;
    if (!selected) return;
    this.painting = true; // chosen anew, as it is now allowed: with handles or without
    this.anno.cancelSelected();
    this.anno.setSelected(selected);
    this.painting = false;
  }

  /** Two fingers came down: give up what one has begun. */
  hold() {
    this.pending.clear();
    this.#allow(false);
    this.paint();
  }

  /** The last finger is up. */
  letGo() {
    this.pending.clear();
    this.#allow(!this.moving);
    this.paint();
  }

  // With an editor open Annotorious draws nothing: a press beside the chosen box closes it first, so that a drag begins a new box.
  #press(event) {
    this.pressed = true;
    if (!this.moving && this.editing && !event.target.closest('.a9s-annotation.selected')) this.model.choose(null);
  }

  /** Show the model's image and boxes. */
  paint() {
    if (this.name !== this.model.image.name) this.#open();
    if (!this.anno) return; // the picture still loads; it paints when it is there
    const focused = this.view.contains(document.activeElement);
    this.painting = true;
    if (this.editing !== this.model.chosen?.key) this.editing = null;
    this.#mirror();
    const selected = this.anno.getSelected()[0]?.id ?? null;
    if (this.editing && selected !== this.editing) this.anno.setSelected(this.editing);
    if (!this.editing && selected) this.anno.cancelSelected();
    this.painting = false;
    this.#names();
    // A handle that had the focus is gone: keys must still reach the tool.
    if (focused && !this.view.contains(document.activeElement)) this.surface.focus({ preventScroll: true });
  }

  // Only what differs is touched: an editor that is open must not be torn down under the pointer.
  #mirror() {
    const drawn = new Map(this.anno.getAnnotations().map((one) => [one.id, boxOf(one)]));
    const wanted = new Map(this.model.shown.map((one) => [one.key, one]));
    for (const id of drawn.keys()) if (!wanted.has(id)) this.anno.removeAnnotation(id);
    for (const [key, one] of wanted) {
      if (!drawn.has(key)) this.anno.addAnnotation(annotation(one));
      else if (drawn.get(key).join() !== one.box.join()) this.anno.updateAnnotation(annotation(one));
    }
  }

  #open() {
    const { name, url, width, height } = this.model.image;
    this.anno?.destroy();
    Object.assign(this, { anno: null, name, editing: null });
    const image = Object.assign(document.createElement('img'), { alt: this.owner.say('picture', { name, width, height }), draggable: false });
    this.view.replaceChildren(image);
    this.picture = image;
    image.addEventListener('load', () => { if (this.picture === image) this.#dress(image); });
    image.src = url;
    this.#size();
  }

  #dress(image) {
    this.anno = createImageAnnotator(image, { drawingMode: 'drag', drawingEnabled: true });
    const surface = this.anno.element.querySelector('.a9s-annotationlayer');
    this.surface = surface;
    surface.setAttribute('aria-label', this.owner.say('surface'));
    this.create = (name) => document.createElementNS(surface.namespaceURI, name);
    this.names = this.create('svg');
    this.names.setAttribute('class', 'boxes__names');
    this.names.setAttribute('aria-hidden', 'true');
    this.names.setAttribute('viewBox', `0 0 ${this.model.image.width} ${this.model.image.height}`);
    this.anno.element.append(this.names);
    this.anno.state.store.observe(({ changes }) => this.#noticed(changes));
    this.anno.on('selectionChanged', () => this.#chose());
    this.#allow(!this.moving);
    this.#size();
    this.paint();
  }

  #noticed({ created = [], updated = [], deleted = [] }) {
    if (this.painting) return;
    for (const one of created) this.pending.set(one.id, boxOf(one));
    for (const { newValue } of updated) this.pending.set(newValue.id, boxOf(newValue));
    // Annotorious listens for Ctrl+Z on the whole page; its own past is not ours.
    if (!this.pressed && (deleted.length || this.pending.size)) queueMicrotask(() => { this.pending.clear(); this.paint(); });
    if (this.pressed) this.#names();
  }

  // Annotorious tells late, also of what we chose ourselves: what counts is what is selected now, and only a change is news.
  #chose() {
    const key = this.anno.getSelected()[0]?.id;
    const editing = this.model.shown.some((box) => box.key === key) ? key : null;
    if (editing === this.editing) return;
    this.editing = editing;
    this.model.choose(editing);
  }

  #release() {
    this.pressed = false;
    const done = [...this.pending];
    this.pending.clear();
    if (this.owner.closed) { this.paint(); return; }
    for (const [key, drawn] of done) {
      const box = clip(drawn.map(Math.round), this.model.image);
      const known = this.model.shown.some((one) => one.key === key);
      // Annotorious takes a quick drag for a click beside the box and deselects it.
      if (known) this.editing = key;
      if (box && known) this.model.change(key, { box });
      else if (box) this.owner.add(box);
    }
    if (done.length) this.model.choose(this.editing ?? this.model.chosenKey);
    if (done.length) this.paint();
  }

  /** Draw the frames and names; while a box is dragged, where it is now. */
  #names() {
    const scale = this.scale;
    const labels = Object.keys(this.model.labels);
    this.names.replaceChildren(...this.model.shown.map(({ key, label, box }, n) => {
      const [x, y, w, h] = this.pending.get(key) ?? box;
      const group = this.create('g');
      group.setAttribute('class', `boxes__shape boxes__shape--${labels.indexOf(label) % 8}${key === this.model.chosenKey ? ' boxes__shape--chosen' : ''}`);
      const rect = this.create('rect');
      for (const [name, value] of Object.entries({ x, y, width: Math.max(0, w), height: Math.max(0, h) })) rect.setAttribute(name, value);
      const word = this.create('text');
      word.setAttribute('x', x);
      word.setAttribute('y', y > TEXT * 1.4 / scale ? y - 4 / scale : y + h + TEXT / scale);
      word.setAttribute('font-size', TEXT / scale);
      word.textContent = `${n + 1} ${this.model.labels[label]}`;
      group.append(rect, word);
      return group;
    }));
  }

  // Screen pixels of one pixel of the image; 0 in `zoom` means: as large as the place allows.
  get scale() {
    const { width, height } = this.model.image;
    const room = Math.min(this.view.clientWidth / width, (0.62 * innerHeight) / height);
    return this.zoom || Math.max(LEAST, room);
  }

  #size() {
    if (!this.picture) return;
    const scale = this.scale;
    this.picture.style.width = `${Math.round(this.model.image.width * scale)}px`;
    this.picture.style.height = `${Math.round(this.model.image.height * scale)}px`;
    this.owner.part('zoom').textContent = `${Math.round(scale * 100)}%`;
    if (this.anno) this.#names();
  }

  /** Enlarge by a factor, keeping the middle of what is seen. */
  zoomBy(factor) {
    const { left, top } = this.view.getBoundingClientRect();
    this.zoomTo(this.scale * factor, { x: left + this.view.clientWidth / 2, y: top + this.view.clientHeight / 2 });
  }

  /** Show one pixel of the image as `scale` pixels of the screen; what is at the point {x, y} of the screen stays there. */
  zoomTo(scale, { x, y }) {
    const { view } = this;
    const { left, top } = view.getBoundingClientRect();
    const before = this.scale;
    this.zoom = Math.min(MOST, Math.max(LEAST, scale));
    this.#size();
    const grown = this.zoom / before;
    view.scrollTo((view.scrollLeft + x - left) * grown - (x - left), (view.scrollTop + y - top) * grown - (y - top));
  }

  fit() {
    this.zoom = 0;
    this.#size();
  }
}
