// What the form knows: shapes of triggers, conditions and actions, as {type, values} ↔ plain values. Whatever has another shape
// (choose, repeat, templates in lists …) is shown as YAML and stays as it is.

const scalar = (value) => value === null || ['string', 'number'].includes(typeof value);
const list = (value) => (Array.isArray(value) ? value : [value]);
const entities = (value) => list(value).every((one) => typeof one === 'string' && one.includes('.'));
const duration = (value) => ['string', 'number'].includes(typeof value) || whole(value);
const whole = (value) => value !== null && typeof value === 'object' && !Array.isArray(value)
  && Object.entries(value).every(([key, n]) => ['hours', 'minutes', 'seconds'].includes(key) && Number.isFinite(Number(n)));

/** field name → {kind, test}: what the form asks for. */
const FIELDS = {
  entity_id: { kind: 'entities', test: entities }, from: { kind: 'state', test: scalar }, to: { kind: 'state', test: scalar },
  state: { kind: 'state', test: scalar }, for: { kind: 'duration', test: duration }, above: { kind: 'number', test: scalar },
  below: { kind: 'number', test: scalar }, at: { kind: 'time', test: (value) => typeof value === 'string' },
  after: { kind: 'time', test: (value) => typeof value === 'string' }, before: { kind: 'time', test: (value) => typeof value === 'string' },
  value_template: { kind: 'template', test: (value) => typeof value === 'string' }, delay: { kind: 'duration', test: duration },
};

const TRIGGERS = {
  state: ['entity_id', 'from', 'to', 'for'], numeric_state: ['entity_id', 'above', 'below', 'for'], time: ['at'], template: ['value_template', 'for'],
};
const CONDITIONS = { state: ['entity_id', 'state', 'for'], numeric_state: ['entity_id', 'above', 'below'], time: ['after', 'before'], template: ['value_template'] };
const ACTIONS = { service: [], delay: ['delay'] };

/** part → the types that can be added, each with its fields. */
export const SHAPES = { triggers: TRIGGERS, conditions: CONDITIONS, actions: ACTIONS };

export const kindOf = (name) => FIELDS[name].kind;

/** "00:05:00" of whatever way a duration is written. */
export function clock(value) {
  if (typeof value === 'string') return value;
  const seconds = typeof value === 'number' ? value : Number(value.hours ?? 0) * 3600 + Number(value.minutes ?? 0) * 60 + Number(value.seconds ?? 0);
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((n) => String(n).padStart(2, '0')).join(':');
}

/** Read one entry of a part: {type, values} if the form can show all of it, else null. */
export function shapeOf(part, entry) {
  if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) return null;
  if (part === 'actions') return actionOf(entry);
  const names = part === 'triggers' ? ['trigger', 'platform'] : ['condition'];
  const key = names.find((name) => typeof entry[name] === 'string');
  const fields = key && SHAPES[part][entry[key]];
  if (!fields) return null;
  const rest = Object.entries(entry).filter(([name]) => name !== key);
  return rest.every(([name, value]) => fields.includes(name) && FIELDS[name].test(value)) ? { type: entry[key], values: Object.fromEntries(rest) } : null;
}

function actionOf(entry) {
  const keys = Object.keys(entry);
  if (keys.length === 1 && keys[0] === 'delay' && duration(entry.delay)) return { type: 'delay', values: { delay: entry.delay } };
  const service = entry.action ?? entry.service;
  if (typeof service !== 'string' || !keys.every((key) => ['action', 'service', 'target', 'data', 'entity_id'].includes(key))) return null;
  const target = entry.target ?? (entry.entity_id ? { entity_id: entry.entity_id } : null);
  if (target && (Array.isArray(target) || Object.keys(target).some((key) => key !== 'entity_id') || !entities(target.entity_id))) return null;
  if (entry.data !== undefined && entry.data !== null && (typeof entry.data !== 'object' || Array.isArray(entry.data))) return null;
  return { type: 'service', values: { service, entity_id: target?.entity_id ?? [], data: entry.data ?? null } };
}

/** Write one entry; old: with the key names from before 2024.10. */
export function entryOf(part, { type, values }, old) {
  if (part === 'actions' && type === 'service') {
    const chosen = list(values.entity_id ?? []).filter(Boolean);
    return {
      [old ? 'service' : 'action']: values.service ?? '',
      ...(chosen.length ? { target: { entity_id: chosen.length > 1 ? chosen : chosen[0] } } : {}),
      ...(values.data && Object.keys(values.data).length ? { data: values.data } : {}),
    };
  }
  const named = part === 'triggers' ? { [old ? 'platform' : 'trigger']: type } : part === 'conditions' ? { condition: type } : {};
  const given = Object.entries(values).filter(([, value]) => value !== '' && value !== undefined && !(Array.isArray(value) && !value.length));
  return { ...named, ...Object.fromEntries(given.map(([name, value]) => [name, Array.isArray(value) && value.length === 1 ? value[0] : value])) };
}

/** {key, entries, old} of a part: under which key the automation has it, and its entries as a list. */
export function partOf(automation, part) {
  const single = part.slice(0, -1);
  const key = part in automation ? part : single in automation ? single : null;
  const value = key ? automation[key] : [];
  const old = ['trigger', 'action', 'condition'].some((name) => name in automation) && !['triggers', 'actions'].some((name) => name in automation);
  return { key: key ?? (old ? single : part), entries: value === null ? [] : list(value), listed: Array.isArray(value) || !key, old };
}
