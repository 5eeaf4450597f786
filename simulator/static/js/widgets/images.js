// Several pictures in one field: choose, drop or paste; each is sent at once and shown small; their order is part of the answer.
// The answer is the list of {blob, name, size} in the hidden input, saved like any other.
import { announce, text, textsOf } from '../texts.js';
import { ask, paragraph } from '../confirm.js';
import { refusal, transfer } from './files/transfer.js';
import { Thumbnails } from './images/thumbnails.js';
import { card, waiting } from './images/cards.js';

class Images {
  constructor(field) {
    const part = (name) => field.querySelector(`[data-images-${name}]`);
    this.field = field;
    this.say = textsOf(field);
    this.value = field.querySelector('[data-upload-value]');
    this.picker = field.querySelector('input[type=file]');
    Object.assign(this, { list: part('list'), count: part('count'), errors: part('errors') });
    this.max = Number(field.dataset.maxFiles);
    this.thumbnails = new Thumbnails(field.dataset.uploadUrl, () => this.paint());
    this.sending = []; // {file, transfer, card}
    this.queue = Promise.resolve();
    this.items = this.#stored();
    this.thumbnails.fetchMissing(this.items);
    this.#listen();
    this.paint();
    this.take([...this.picker.files]); // chosen before this script was there
  }

  #stored() {
    return this.value.value ? JSON.parse(this.value.value) : [];
  }

  #listen() {
    this.picker.addEventListener('change', (event) => {
      event.stopPropagation(); // not yet an answer
      this.take([...this.picker.files]);
      this.picker.value = ''; // the same file, mended, must count as a change
    });
    this.field.addEventListener('field:filled', () => {
      this.items = this.#stored();
      this.thumbnails.fetchMissing(this.items);
      this.paint();
    });
    for (const name of ['dragover', 'dragleave', 'drop']) this.field.addEventListener(name, (event) => this.#drag(event));
    this.list.addEventListener('keydown', (event) => this.#key(event));
    document.addEventListener('paste', (event) => this.#paste(event));
  }

  #drag(event) {
    if (!event.dataTransfer.types.includes('Files')) return; // a card on its way, see cards.js
    event.preventDefault();
    this.field.classList.toggle('upload--over', event.type === 'dragover');
    if (event.type === 'drop') this.take([...event.dataTransfer.files]);
  }

  #key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const place = [...this.list.children].indexOf(event.target.closest('li'));
    if (!step || !event.shiftKey || place < 0) return;
    event.preventDefault();
    event.stopPropagation(); // arrows turn pages elsewhere
    this.move(place, place + step);
  }

  // A screenshot has no name of its own.
  #paste(event) {
    const inside = this.field.contains(document.activeElement);
    const idle = document.activeElement === document.body && document.querySelectorAll('[data-kind=images]').length === 1;
    const files = [...event.clipboardData.files].filter((file) => file.type.startsWith('image/'));
    if (!files.length || this.picker.disabled || !(inside || idle)) return;
    event.preventDefault();
    const ending = (file) => (file.type === 'image/jpeg' ? 'jpg' : file.type.split('/')[1]);
    const named = (file) => `${this.say('pasted')}-${new Date().toTimeString().slice(0, 8).replaceAll(':', '')}.${ending(file)}`;
    this.take(files.map((file) => (file.name.startsWith('image.') || !file.name ? new File([file], named(file), { type: file.type }) : file)));
  }

  /** Send these files, one after the other; what cannot be taken is told, each with its reason. */
  take(files) {
    if (!files.length) return;
    this.errors.replaceChildren();
    const free = this.max - this.items.length - this.sending.length;
    for (const file of files.slice(Math.max(0, free))) this.#fail(file, this.say('tooMany', { max: this.max }));
    for (const file of files.slice(0, Math.max(0, free))) {
      const wrong = refusal(file, this.field.dataset);
      if (wrong) this.#fail(file, wrong);
      else this.#enqueue(file);
    }
    this.paint();
  }

  #enqueue(file) {
    const one = { file, gone: false };
    one.card = waiting(file, this.say, () => { one.gone = true; one.transfer?.abort(); this.#leave(one); });
    this.sending.push(one);
    this.queue = this.queue.then(() => this.#send(one));
  }

  async #send(one) {
    if (one.gone) return;
    announce(text('uploading', { name: one.file.name }));
    one.transfer = transfer(this.field.dataset.uploadUrl, one.file, (percent) => one.card.progress(percent));
    const answer = await one.transfer.ended;
    if (answer.aborted) return;
    this.#leave(one);
    if (answer.error) { this.#fail(one.file, answer.error, answer.again); return; }
    if (this.items.some((item) => item.blob === answer.blob)) { this.#fail(one.file, this.say('already')); return; }
    this.thumbnails.keep(answer.blob, one.file);
    this.set([...this.items, { blob: answer.blob, name: answer.name, size: answer.size }]);
    announce(text('uploaded', { name: answer.name }));
  }

  #leave(one) {
    this.sending = this.sending.filter((other) => other !== one);
    this.paint();
  }

  #fail(file, sentence, again = false) {
    const line = document.createElement('li');
    line.append(`${file.name}${this.say('colon')}${sentence}`);
    if (again) {
      const button = Object.assign(document.createElement('button'), { type: 'button', className: 'link', textContent: text('uploadAgain') });
      button.addEventListener('click', () => { line.remove(); this.take([file]); });
      line.append(' ', button);
    }
    this.errors.append(line);
  }

  /** Make `items` the answer. */
  set(items) {
    this.items = items;
    this.value.value = items.length ? JSON.stringify(items) : '';
    this.paint();
    this.value.dispatchEvent(new Event('change', { bubbles: true }));
  }

  /** Move a picture to another place; the focus goes along. */
  move(from, to) {
    if (to < 0 || to >= this.items.length || from === to || from >= this.items.length) return;
    const used = document.activeElement?.dataset.act;
    const items = [...this.items];
    const [moved] = items.splice(from, 1);
    items.splice(to, 0, moved);
    this.set(items);
    announce(this.say('moved', { name: moved.name, n: to + 1 }));
    const buttons = [...this.list.children[to].querySelectorAll('button:not([hidden])')];
    (buttons.find((button) => button.dataset.act === used && !button.disabled) ?? buttons.find((button) => !button.disabled))?.focus();
  }

  /** Take a picture out, if the person means it. */
  async remove(place) {
    const { name } = this.items[place];
    const buttons = [{ value: '', label: text('cancel') }, { value: 'yes', label: text('remove'), kind: 'danger' }];
    if (await ask({ title: this.say('removeTitle'), content: paragraph(text('removeText', { name })), buttons }) !== 'yes') return;
    this.set(this.items.filter((_, index) => index !== place));
    announce(this.say('removed', { name }));
    (this.list.children[Math.min(place, this.items.length - 1)]?.querySelector('button') ?? this.picker).focus();
  }

  /** Show a picture as large as the window lets it be. */
  zoom(place) {
    const { blob, name } = this.items[place];
    const picture = Object.assign(document.createElement('img'), { src: this.thumbnails.of(blob), alt: name, className: 'images__large' });
    ask({ title: name, content: picture, buttons: [{ value: null, label: text('close'), focus: true }], wide: true });
  }

  paint() {
    const acts = { move: (from, to) => this.move(from, to), remove: (n) => this.remove(n), zoom: (n) => this.zoom(n) };
    const cards = this.items.map((item, n) => card(item, n, this.items.length, this.thumbnails.of(item.blob), this.say, acts));
    this.list.replaceChildren(...cards, ...this.sending.map((one) => one.card.element));
    this.list.hidden = !this.list.children.length;
    this.count.textContent = this.items.length ? this.say('count', { n: this.items.length, max: this.max }) : this.say('none');
    const full = this.items.length + this.sending.length >= this.max;
    this.field.classList.toggle('images--full', full);
  }
}

/** Bring every picture field of the page to life. */
export function start() {
  for (const field of document.querySelectorAll('[data-widget=images]')) new Images(field);
}
