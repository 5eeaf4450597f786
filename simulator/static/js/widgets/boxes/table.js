// The table below the picture: the same boxes as numbers, to be read, typed and corrected without a mouse.

const SIDES = ['x', 'y', 'wide', 'high'];

export class Table {
  constructor(field, owner) {
    Object.assign(this, { owner, model: owner.model, say: owner.say, rows: field.querySelector('[data-rows]') });
    this.rows.addEventListener('change', (event) => { event.stopPropagation(); this.#changed(event.target); });
    this.rows.addEventListener('input', (event) => event.stopPropagation()); // half-typed numbers are no answer yet
    this.rows.addEventListener('focusin', (event) => this.model.choose(event.target.closest('tr')?.dataset.key ?? null));
    this.rows.addEventListener('keydown', (event) => { if (event.key === 'Enter' && event.target.matches('input')) { event.preventDefault(); this.#changed(event.target); } });
  }

  /** Add a box in the middle of the image and go to its first number. */
  add() {
    const { width, height } = this.model.image;
    const [w, h] = [Math.round(width / 5), Math.round(height / 5)];
    const added = this.owner.add([Math.round((width - w) / 2), Math.round((height - h) / 2), w, h]);
    if (added) this.rows.querySelector(`tr[data-key="${added.key}"] [data-side="0"]`)?.focus();
  }

  /** Show the boxes of the image; the control with the focus keeps it. */
  paint() {
    const active = this.rows.contains(document.activeElement) ? document.activeElement : null;
    const place = active && { key: active.closest('tr')?.dataset.key, what: active.dataset.what };
    const same = this.model.shown.map(({ key }) => key).join() === [...this.rows.querySelectorAll('tr[data-key]')].map((row) => row.dataset.key).join();
    if (same && this.model.shown.length) {
      this.#refresh();
      return;
    }
    this.rows.replaceChildren(...this.model.shown.map((box, n) => this.#row(box, n + 1)));
    if (!this.model.shown.length) this.rows.append(this.#empty());
    this.#refresh();
    if (place) (this.#control(place) ?? this.rows.querySelector('input, select'))?.focus();
  }

  #control({ key, what }) {
    return this.rows.querySelector(`tr[data-key="${key}"] [data-what="${what}"]`);
  }

  #empty() {
    const row = document.createElement('tr');
    const cell = Object.assign(row.insertCell(), { colSpan: 7 + Object.keys(this.model.attributes).length, className: 'muted', textContent: this.say('empty') });
    return cell.parentElement;
  }

  #row({ key }, n) {
    const row = document.createElement('tr');
    row.dataset.key = key;
    row.append(Object.assign(document.createElement('th'), { scope: 'row', textContent: n }));
    const put = (control, what, name) => {
      control.dataset.what = what;
      control.setAttribute('aria-label', name);
      row.insertCell().append(control);
      return control;
    };
    put(this.#select(Object.entries(this.model.labels)), 'label', this.say('labelOf', { n }));
    SIDES.forEach((side, place) => {
      const input = Object.assign(document.createElement('input'), { type: 'text', inputMode: 'decimal', autocomplete: 'off', size: 6 });
      input.dataset.side = place;
      put(input, `side-${place}`, this.say('sideOf', { n, side: place < 2 ? side : this.say(side) }));
    });
    for (const [name, values] of Object.entries(this.model.attributes)) {
      put(this.#select([['', this.say('none')], ...values.map((value) => [value, value])]), `attribute-${name}`, this.say('attributeOf', { n, name })).dataset.attribute = name;
    }
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'link', textContent: this.say('delete') });
    button.addEventListener('click', () => this.#remove(key));
    put(button, 'delete', this.say('deleteOf', { n }));
    return row;
  }

  #select(pairs) {
    const select = document.createElement('select');
    select.append(...pairs.map(([value, name]) => new Option(name, value)));
    return select;
  }

  #remove(key) {
    const n = this.model.numberOf(key);
    this.owner.remove(key);
    const rest = [...this.rows.querySelectorAll('[data-what=delete]')];
    (rest[Math.min(n, rest.length) - 1] ?? this.owner.field.querySelector('[data-act=add]')).focus();
  }

  /** Put the model's values into the controls that stand there. */
  #refresh() {
    for (const { key, label, box, attributes } of this.model.shown) {
      const row = this.rows.querySelector(`tr[data-key="${key}"]`);
      row.classList.toggle('boxes__row--chosen', key === this.model.chosenKey);
      row.querySelector('[data-what=label]').value = label;
      for (const input of row.querySelectorAll('[data-side]')) {
        const value = String(box[input.dataset.side]);
        if (input === document.activeElement && input.value !== input.defaultValue && input.defaultValue === value) continue; // being typed
        input.value = value;
        input.defaultValue = value;
        input.removeAttribute('aria-invalid');
      }
      for (const select of row.querySelectorAll('[data-attribute]')) select.value = attributes[select.dataset.attribute] ?? '';
      for (const control of row.querySelectorAll('input, select, button')) control.disabled = this.owner.closed;
    }
  }

  #changed(control) {
    const key = control.closest('tr').dataset.key;
    const box = this.model.shown.find((one) => one.key === key);
    if (control.dataset.what === 'label') this.owner.useLabel(control.value);
    else if (control.dataset.attribute) {
      const attributes = { ...box.attributes, [control.dataset.attribute]: control.value };
      if (!control.value) delete attributes[control.dataset.attribute];
      this.model.change(key, { attributes });
    } else if (control.dataset.side) this.#typed(control, key, [...box.box]);
  }

  #typed(input, key, box) {
    const written = input.value.normalize('NFKC').replace('。', '.').trim();
    const value = /^-?\d+(\.\d+)?$/.test(written) ? Math.round(Number(written) * 10) / 10 : NaN;
    box[input.dataset.side] = value;
    const { width, height } = this.model.image;
    const [x, y, w, h] = box;
    const outside = x < 0 || y < 0 || w < 1 || h < 1 || x + w > width || y + h > height;
    if (Number.isNaN(value) || outside) {
      input.setAttribute('aria-invalid', 'true');
      this.owner.fail(this.say(Number.isNaN(value) ? 'noNumber' : 'outside', { width, height }));
      return;
    }
    this.owner.fail('');
    input.defaultValue = input.value;
    this.model.change(key, { box });
    this.#refresh();
  }
}
