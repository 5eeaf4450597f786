// The boxes of all images, and their past. A box is {key, label, box: [x, y, w, h], attributes}; key only lives on this page.

const DEPTH = 200; // steps that can be undone

/** Pixels with at most one decimal. */
export const tidy = (value) => Math.round(value * 10) / 10;

/** Cut a box to an image; null if less than one pixel of it is left. */
export function clip([x, y, w, h], { width, height }) {
  const [left, top] = [Math.max(0, x), Math.max(0, y)];
  const [right, bottom] = [Math.min(width, x + w), Math.min(height, y + h)];
  const box = [left, top, right - left, bottom - top].map(tidy);
  return box[2] >= 1 && box[3] >= 1 ? box : null;
}

export class Model {
  /** images: [{name, url, width, height}], labels: {id: name}, attributes: {name: [value, …]}, max: boxes per image. */
  constructor({ images, labels, attributes, max }) {
    Object.assign(this, { images, labels, attributes, max, at: 0, past: [], future: [], chosenKey: null, next: 1, boxes: new Map() });
    this.onChange = () => {};
  }

  get image() {
    return this.images[this.at];
  }

  /** The boxes of the image shown. */
  get shown() {
    return this.boxesOn(this.image.name);
  }

  /** The box that keys and label buttons act on, null if there is none on this image. */
  get chosen() {
    return this.shown.find(({ key }) => key === this.chosenKey) ?? null;
  }

  boxesOn(name) {
    return this.boxes.get(name) ?? [];
  }

  numberOf(key) {
    return this.shown.findIndex((box) => box.key === key) + 1;
  }

  count() {
    return [...this.boxes.values()].reduce((sum, list) => sum + list.length, 0);
  }

  /** Take the JSON of an answer; false if it is none (then there are no boxes). */
  read(written) {
    this.boxes = new Map();
    if (!written.trim()) return true;
    try {
      const data = JSON.parse(written);
      for (const { name } of this.images) {
        this.boxes.set(name, (data[name] ?? []).map(({ label, box, attributes = {} }) => {
          if (!(label in this.labels) || box.length !== 4 || !box.every(Number.isFinite)) throw new Error('no box');
          return { key: this.#newKey(), label, box: [...box], attributes: { ...attributes } };
        }));
      }
      return Object.keys(data).every((name) => this.boxes.has(name));
    } catch {
      this.boxes = new Map();
      return false;
    }
  }

  /** The JSON of the answer, '' without any box. */
  write() {
    const entry = ({ label, box, attributes }) => (Object.keys(attributes).length ? { label, box, attributes } : { label, box });
    const filled = this.images.filter(({ name }) => this.boxesOn(name).length);
    return filled.length ? JSON.stringify(Object.fromEntries(filled.map(({ name }) => [name, this.boxesOn(name).map(entry)]))) : '';
  }

  goTo(n) {
    this.at = n;
    this.chosenKey = null;
    this.onChange(false);
  }

  choose(key) {
    if (key === this.chosenKey) return;
    this.chosenKey = key;
    this.onChange(false);
  }

  /** Add a box to the image shown and choose it; null if the image is full. */
  add(box, label, key = this.#newKey()) {
    if (this.shown.length >= this.max) return null;
    const added = { key, label, box, attributes: {} };
    this.#step([...this.shown, added]);
    this.chosenKey = key;
    this.onChange(true);
    return added;
  }

  /** Change some of {label, box, attributes} of a box on the image shown. */
  change(key, patch) {
    const before = this.shown.find((box) => box.key === key);
    if (!before || JSON.stringify({ ...before, ...patch }) === JSON.stringify(before)) return;
    this.#step(this.shown.map((box) => (box.key === key ? { ...box, ...patch } : box)));
    this.chosenKey = key;
    this.onChange(true);
  }

  remove(key) {
    this.#step(this.shown.filter((box) => box.key !== key));
    this.chosenKey = null;
    this.onChange(true);
  }

  /** Replace everything by the JSON of an answer; one step back undoes it. */
  replace(written) {
    this.#remember();
    this.read(written);
    this.onChange(true);
  }

  undo() {
    return this.#travel(this.past, this.future);
  }

  redo() {
    return this.#travel(this.future, this.past);
  }

  #travel(from, to) {
    if (!from.length) return false;
    to.push({ at: this.at, boxes: this.boxes });
    Object.assign(this, from.pop());
    this.onChange(true);
    return true;
  }

  #step(list) {
    this.#remember();
    this.boxes = new Map(this.boxes).set(this.image.name, list);
  }

  #remember() {
    this.past.push({ at: this.at, boxes: this.boxes });
    this.past.splice(0, this.past.length - DEPTH);
    this.future = [];
  }

  #newKey() {
    this.next += 1;
    return `box-${this.next}`;
  }
}
