// The words of the smart home's scripts: data attributes of the <template data-texts> in the widget or the evidence.

/** Return say(key, values): the text with {name} replaced, null if there is none of that key. */
export function wordsOf(element) {
  const { dataset } = element.querySelector('template[data-texts]');
  return (key, values = {}) => dataset[key]?.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole) ?? null;
}

/** Make an element: el('p', {className: 'x'}, 'text', other). */
export function el(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

/** "17:05:09" for second `t` of a day that began at `start` ("2026-07-14 17:00:00"). */
export function clockAt(start, t) {
  const [hours, minutes, seconds] = start.slice(11).split(':').map(Number);
  const total = (hours * 3600 + minutes * 60 + seconds + Math.floor(t)) % 86400;
  return [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60].map((n) => String(n).padStart(2, '0')).join(':');
}
