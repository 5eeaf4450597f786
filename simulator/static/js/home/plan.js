// The floor plan: rooms and devices as SVG. A device's state is written out and changes its shape (filled or not, a ring), so
// that no colour is needed to read it. Shared by the answer's widget and by the evidence of a run.
const NS = Object.assign(document.createElement('template'), { innerHTML: '<svg></svg>' }).content.firstChild.namespaceURI;

const make = (name, attributes = {}, ...children) => {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};

/** Drawings inside a circle of radius 2.6 around 0,0, by device class or domain. */
const ICONS = {
  light: 'M-1-.2a1 1 0 1 1 2 0c0 .5-.5.7-.5 1.2h-1c0-.5-.5-.7-.5-1.2ZM-.5 1.5h1', lock: 'M-1-.1h2v1.5h-2ZM-.6-.1v-.6a.6.6 0 0 1 1.2 0v.6',
  switch: 'M-1.1-1.1h2.2v2.2h-2.2ZM-.3-.4v.8M.3-.4v.8', climate: 'M-1.4-1h2.8v1h-2.8ZM-.8.6v.7M0 .6v.7M.8.6v.7', fan: 'M0 0 .4-1.4M0 0l1 1M0 0l-1.3.3',
  cover: 'M-1.2-1.2h2.4v2.4h-2.4ZM-1.2-.4h2.4M-1.2.4h2.4', valve: 'M-1.3-.7v1.4L1.3-.7v1.4ZM0 0v-1.3M-.6-1.3h1.2', door: 'M-.8-1.4h1.6v2.8h-1.6ZM.4 0h.1',
  window: 'M-1.2-1.2h2.4v2.4h-2.4ZM0-1.2v2.4M-1.2 0h2.4', motion: 'M0-1.3a.4.4 0 1 1 0 .1M0-.5v1M-.7-.2h1.4M0 .5l-.6 1M0 .5l.6 1', gas: 'M0-1.4c1.6 1.6 1 2.8 0 2.8s-1.6-1.2 0-2.8Z',
  moisture: 'M0-1.3c1.2 1.4 1.1 2.6 0 2.6s-1.2-1.2 0-2.6Z', temperature: 'M-.4-1.3h.8v1.7a.7.7 0 1 1-.8 0Z', illuminance: 'M-.6 0a.6.6 0 1 1 .1.3M0-1.4v.3M0 1.1v.3M-1.4 0h.3M1.1 0h.3',
  person: 'M-.5-.7a.5.5 0 1 1 0 .1M-1.1 1.3c0-1.7 2.2-1.7 2.2 0', media_player: 'M-1.3-1h2.6v1.6h-2.6ZM-.5 1.2h1', siren: 'M-1.1 1h2.2M-.8 1v-1a.8.8 0 0 1 1.6 0v1', sensor: 'M-1.3.8a1.4 1.4 0 1 1 2.6 0M0 .4l.6-.8',
};
const ACTIVE = new Set(['on', 'open', 'unlocked', 'home', 'heat', 'cool', 'auto', 'heat_cool', 'dry', 'fan_only', 'playing', 'cleaning']);

const domainOf = (id) => id.split('.')[0];

/** Words for a state: say(key) looks a text up, null if there is none. */
export function stateText(device, state, say) {
  const kind = device.kind || domainOf(device.id);
  if (domainOf(device.id) === 'sensor' || domainOf(device.id) === 'input_number') return `${state}${device.unit ? ` ${device.unit}` : ''}`;
  return say(`${kind}_${state}`) ?? say(`state_${state}`) ?? state;
}

/** The plan of `home` {rooms, entities, title}; show(states) paints entity → state. */
export class Plan {
  constructor(home, say, label) {
    Object.assign(this, { home, say });
    const width = Math.max(...home.rooms.map(({ box }) => box[0] + box[2]));
    const height = Math.max(...home.rooms.map(({ box }) => box[1] + box[3]));
    this.svg = make('svg', { viewBox: `-1 -1 ${width + 2} ${height + 2}`, class: 'plan', role: 'img', 'aria-label': label });
    for (const { name, box: [x, y, w, h] } of home.rooms) {
      this.svg.append(make('rect', { x, y, width: w, height: h, class: 'plan__room' }), make('text', { x: x + 1.2, y: y + 3.6, class: 'plan__name' }, name));
    }
    this.devices = new Map(home.entities.filter(({ at }) => at).map((device) => [device.id, this.#draw(device)]));
  }

  #draw(device) {
    const [x, y] = device.at;
    const icon = ICONS[device.kind] ?? ICONS[domainOf(device.id)] ?? ICONS.sensor;
    const state = make('text', { y: 9, class: 'plan__state' });
    const title = make('title');
    const group = make('g', { transform: `translate(${x} ${y})`, class: 'plan__device' }, title, make('circle', { r: 2.6, class: 'plan__dot' }),
      make('circle', { r: 3.3, class: 'plan__ring' }), make('path', { d: icon, class: 'plan__icon' }), make('text', { y: 6, class: 'plan__label' }, device.name), state);
    this.svg.append(group);
    return { device, group, state, title };
  }

  /** Paint `states`; entities whose state differs from the last painting are `changed`. */
  show(states) {
    for (const [id, { device, group, state, title }] of this.devices) {
      const value = states[id] ?? '';
      const words = stateText(device, value, this.say);
      group.classList.toggle('plan__device--on', ACTIVE.has(value));
      group.classList.toggle('plan__device--changed', this.last !== undefined && this.last[id] !== value);
      state.textContent = words;
      title.textContent = `${device.name} ${id} ${words}`;
    }
    this.last = { ...states };
  }
}
