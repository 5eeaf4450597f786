// One automation as a card of the form.
import { el } from '../../home/words.js';
import { labelled, line, select } from './controls.js';
import { freshEntry, row } from './entry.js';
import { SHAPES, partOf } from './shapes.js';

const PARTS = ['triggers', 'conditions', 'actions'];
const MODES = ['single', 'restart', 'queued', 'parallel'];

export class Card {
  /** changed(): the text is new; acts: copy(), remove(), up(), down(). */
  constructor({ item, number, home, say, changed, acts, last }) {
    Object.assign(this, { item, number, home, say, changed, acts, last });
    this.node = el('li', { className: 'home__card' });
    this.paint();
  }

  get name() { return this.item.value?.alias ?? this.say('automation', { n: this.number }); }

  paint() {
    this.node.replaceChildren(...(this.item.known ? [this.#head(), this.#body()] : [el('pre', { className: 'mono', textContent: this.item.text })]), this.#buttons());
    this.node.setAttribute('aria-label', this.name);
  }

  #set(path, value) {
    this.item.set(path, value);
    this.changed();
  }

  #head() {
    const { alias, mode, initial_state: initial } = this.item.value;
    const name = line(alias, (text) => { this.#set(['alias'], text ?? ''); this.node.setAttribute('aria-label', this.name); });
    const modes = select(MODES.map((one) => [one, this.say(`mode_${one}`)]), mode ?? 'single', (value) => this.#set(['mode'], value === 'single' ? undefined : value));
    const on = el('input', { type: 'checkbox', checked: initial !== false });
    on.addEventListener('change', () => this.#set(['initial_state'], on.checked ? undefined : false));
    const pick = el('label', { className: 'pick' }, on, this.say('enabled'));
    return el('div', { className: 'home__head' }, el('span', { className: 'home__number', ariaHidden: 'true', textContent: String(this.number) }), labelled(this.say('alias'), name.node), labelled(this.say('mode'), modes), pick);
  }

  // Folded away, a long list can be looked through; the item remembers whether it is open.
  #body() {
    const counts = PARTS.map((part) => `${this.say(part)} ${partOf(this.item.value, part).entries.length}`).join(' · ');
    const box = el('details', { className: 'home__body', open: this.item.open ?? false }, el('summary', { textContent: counts }), ...PARTS.map((part) => this.#part(part)));
    box.addEventListener('toggle', () => { this.item.open = box.open; });
    return box;
  }

  #part(part) {
    const { key, entries, listed, old } = partOf(this.item.value, part);
    const section = el('section', { className: 'home__part' }, el('h4', {}, this.say(part), ' ', el('small', { textContent: this.say(`${part}_hint`) })));
    const place = (n) => (listed ? [key, n] : [key]);
    entries.forEach((entry, n) => section.append(row({
      part, entry, old, home: this.home, say: this.say, number: n + 1,
      replace: (value, again) => { this.#set(place(n), value); if (again) this.#again(part, n); },
      remove: () => { this.#set(place(n), undefined); this.#again(part, Math.max(0, n - 1)); },
    })));
    const add = el('button', { type: 'button', className: 'link', textContent: this.say(`add_${part}`) });
    add.addEventListener('click', () => {
      const fresh = freshEntry(part, Object.keys(SHAPES[part])[0], this.home, old);
      this.#set([key], [...entries, fresh]);
      this.#again(part, entries.length);
    });
    section.append(add);
    return section;
  }

  // Draw the card anew and put the focus where the person was: into row `n` of `part`, or on its button.
  #again(part, n) {
    this.paint();
    const section = this.node.querySelectorAll('.home__part')[PARTS.indexOf(part)];
    const rows = section.querySelectorAll('.home__row');
    (rows[n]?.querySelector('select, textarea, input') ?? section.querySelector(':scope > button')).focus();
  }

  #buttons() {
    const button = (key, act, hidden = false) => {
      const node = el('button', { type: 'button', className: 'link', textContent: this.say(key), hidden });
      node.setAttribute('aria-label', `${this.say(key)} ${this.name}`);
      node.addEventListener('click', act);
      return node;
    };
    const { up, down, copy, remove } = this.acts;
    return el('div', { className: 'home__acts' }, button('up', up, this.number === 1), button('down', down, this.last), button('copy', copy), button('remove', remove));
  }
}
