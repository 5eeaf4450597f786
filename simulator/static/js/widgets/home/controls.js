// Inputs of the form, each with its label. `change(value)` is told of every new value, while it is typed; undefined means: not given.
import { el } from '../../home/words.js';
import { fragment, valueOf } from './sheet.js';

let count = 0;

/** A label above `control`; `wide` takes the whole row. */
export function labelled(label, control, wide = false) {
  count += 1;
  control.id ||= `home-input-${count}`;
  return el('div', { className: wide ? 'home__input home__input--wide' : 'home__input' }, el('label', { htmlFor: control.id, textContent: label }), control);
}

/** A select of [value, label] pairs; a value that is none of them is added, so that nothing typed is lost. */
export function select(options, value, change) {
  const known = options.some(([one]) => one === value) || value === undefined;
  const all = known ? options : [...options, [value, value]];
  const node = el('select', {}, ...all.map(([one, label]) => el('option', { value: one, textContent: label })));
  node.value = value ?? '';
  node.addEventListener('change', () => change(node.value));
  return node;
}

/** A line of text; '' counts as not given. hints: values to choose from. */
export function line(value, change, { hints = [], placeholder = '', mode = 'text' } = {}) {
  const node = el('input', { type: 'text', value: value ?? '', placeholder, inputMode: mode, autocomplete: 'off', spellcheck: false });
  node.addEventListener('input', () => change(node.value.trim() === '' ? undefined : node.value.trim()));
  if (!hints.length) return { node, list: null };
  count += 1;
  const list = el('datalist', { id: `home-list-${count}` }, ...hints.map((hint) => el('option', { value: hint })));
  node.setAttribute('list', list.id);
  return { node, list };
}

/** A text box for YAML: what cannot be read is marked and not taken over. */
export function yamlBox(value, change, say, rows = 3) {
  const node = el('textarea', { className: 'mono', rows, spellcheck: false, value: value === null || value === undefined ? '' : fragment(value) });
  const wrong = el('p', { className: 'wrong', hidden: true, textContent: say('bad_fragment') });
  node.addEventListener('input', () => {
    try {
      const read = node.value.trim() ? valueOf(node.value) : null;
      wrong.hidden = true;
      change(read);
    } catch {
      wrong.hidden = false;
    }
    node.setAttribute('aria-invalid', String(!wrong.hidden));
  });
  return { node, wrong };
}

/** One select for every chosen entity, and a button for one more. value: a string or a list; change gets a list. */
export function entities(home, choices, value, change, say) {
  const chosen = (Array.isArray(value) ? value : [value]).filter(Boolean);
  const box = el('div', { className: 'home__entities' });
  const name = ({ id, name: title }) => [id, title ? `${title} · ${id}` : id];
  const paint = (focus = -1) => {
    const tell = (n) => (id) => {
      if (id) chosen[n] = id;
      else chosen.splice(n, 1);
      change([...chosen]);
      paint(n);
    };
    const shown = chosen.length ? chosen : [''];
    const selects = shown.map((id, n) => {
      const node = select([['', say('choose')], ...choices.map(name)], id, tell(n));
      node.setAttribute('aria-label', `${say('entity_id')} ${n + 1}`);
      return node;
    });
    const more = el('button', { type: 'button', className: 'link', textContent: say('add_entity'), hidden: !chosen.length || chosen.length >= choices.length });
    more.addEventListener('click', () => {
      const free = choices.find(({ id }) => !chosen.includes(id));
      if (!free) return;
      chosen.push(free.id);
      change([...chosen]);
      paint(chosen.length - 1);
    });
    box.replaceChildren(...selects, more);
    if (focus >= 0) (selects[focus] ?? selects.at(-1)).focus();
  };
  paint();
  return box;
}
