// One trigger, condition or action as a row of the form; what the form does not know is a box of YAML.
import { el } from '../../home/words.js';
import { entities, labelled, line, select, yamlBox } from './controls.js';
import { servicesOf, targetsOf } from './services.js';
import { SHAPES, clock, entryOf, kindOf, shapeOf } from './shapes.js';

const NUMERIC = ['sensor', 'input_number'];

/** What a new entry of a part and type begins with. */
export function freshEntry(part, type, home, old) {
  const first = home.entities.find(({ id }) => (type === 'numeric_state') === NUMERIC.includes(id.split('.')[0])) ?? home.entities[0];
  const values = { entity_id: first.id, at: '22:00:00', after: '22:00:00', before: '06:00:00', value_template: '{{ }}', delay: '00:01:00', service: Object.keys(servicesOf(home))[0] };
  const wanted = SHAPES[part][type].filter((field) => field in values && !(field === 'entity_id' && type === 'template'));
  const given = type === 'service' ? { service: values.service } : Object.fromEntries(wanted.map((field) => [field, values[field]]));
  if (type === 'state') given[part === 'triggers' ? 'to' : 'state'] = (first.states ?? [])[0] ?? 'on';
  if (type === 'numeric_state') given.above = 0;
  return entryOf(part, { type, values: given }, old);
}

/** A row. replace(entry) takes the new entry over and, with `true`, draws the row anew; remove() deletes it. */
export function row({ part, entry, old, home, say, number, replace, remove }) {
  const shape = shapeOf(part, entry);
  const drop = el('button', { type: 'button', className: 'link', textContent: say('remove') });
  drop.setAttribute('aria-label', `${say('remove')} ${say(part)} ${number}`);
  drop.addEventListener('click', remove);
  const inputs = shape ? fieldsOf({ part, shape, old, home, say, replace }) : unknown(entry, say, replace);
  const types = Object.keys(SHAPES[part]).map((type) => [type, say(`${part}_${type}`)]);
  const head = shape
    ? labelled(say('type'), select(types, shape.type, (type) => replace(freshEntry(part, type, home, old), true)))
    : el('p', { className: 'hint', textContent: say('yaml_hint') });
  const box = el('div', { className: 'home__row' }, el('div', { className: 'home__inputs' }, head, ...inputs), drop);
  box.setAttribute('role', 'group');
  box.setAttribute('aria-label', `${say(part)} ${number}`);
  return box;
}

function unknown(entry, say, replace) {
  const { node, wrong } = yamlBox(entry, (value) => value !== null && replace(value), say, 4);
  return [labelled(say('yaml'), node, true), wrong];
}

function fieldsOf({ part, shape, old, home, say, replace }) {
  const { type, values } = shape;
  const set = (field, value, again = false) => {
    values[field] = value;
    replace(entryOf(part, shape, old), again);
  };
  if (type === 'service') return serviceFields({ values, home, say, set });
  return SHAPES[part][type].flatMap((field) => {
    const tell = (value) => set(field, value);
    const kind = kindOf(field);
    if (kind === 'entities') {
      const choices = type === 'numeric_state' ? home.entities.filter(({ id }) => NUMERIC.includes(id.split('.')[0])) : home.entities;
      return [labelledGroup(say(field), entities(home, choices, values[field], tell, say))];
    }
    if (kind === 'template') {
      const node = el('textarea', { className: 'mono', rows: 2, value: values[field] ?? '', spellcheck: false });
      node.addEventListener('input', () => tell(node.value));
      return [labelled(say(field), node, true)];
    }
    return [plainField(kind, field, values, home, say, tell)];
  });
}

function plainField(kind, field, values, home, say, tell) {
  const options = {
    state: { hints: statesOf(home, values.entity_id) }, duration: { placeholder: '00:05:00' }, time: { placeholder: '22:30:00' }, number: { mode: 'decimal' },
  }[kind];
  const shown = kind === 'duration' && values[field] !== undefined ? clock(values[field]) : values[field];
  const asNumber = (text) => (text !== undefined && text !== '' && Number.isFinite(Number(text)) ? Number(text) : text);
  const { node, list } = line(shown, (text) => tell(kind === 'number' ? asNumber(text) : text), options);
  const box = labelled(say(field), node);
  if (list) box.append(list);
  return box;
}

function serviceFields({ values, home, say, set }) {
  const services = servicesOf(home);
  const chosen = select([['', say('choose')], ...Object.keys(services).map((name) => [name, name])], values.service, (name) => {
    values.data = services[name] ?? null;
    const targets = targetsOf(home, name).map(({ id }) => id);
    values.entity_id = [values.entity_id ?? []].flat().filter((id) => targets.includes(id));
    set('service', name, true);
  });
  const targets = targetsOf(home, values.service ?? '');
  const { node, wrong } = yamlBox(values.data, (data) => set('data', data), say, Math.max(1, Object.keys(values.data ?? {}).length));
  const boxes = [labelled(say('service'), chosen)];
  if (targets.length) boxes.push(labelledGroup(say('entity_id'), entities(home, targets, values.entity_id, (ids) => set('entity_id', ids), say)));
  // Most services need no data: the box waits folded.
  const data = labelled(say('data'), node);
  const fold = el('details', { className: 'home__input--wide home__data', open: Boolean(values.data || services[values.service]) }, el('summary', { textContent: say('more_data') }), data, wrong);
  return [...boxes, fold];
}

function statesOf(home, chosen) {
  const ids = [chosen ?? []].flat();
  return [...new Set(home.entities.filter(({ id }) => ids.includes(id)).flatMap(({ states }) => states ?? []))];
}

function labelledGroup(label, box) {
  const group = el('div', { className: 'home__input' }, el('span', { className: 'home__label', textContent: label }), box);
  return group;
}
