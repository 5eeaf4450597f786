// The sentences of the scripts, in the language of the page: partials/_texts.html holds them as data attributes.

/** Return the text called `key` (camelCase of its data attribute) with {name} replaced; Error if the page has none. */
export function text(key, values = {}) {
  const found = document.getElementById('texts')?.dataset[key];
  if (found === undefined) throw new Error(`no text named ${key}`);
  return found.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Return `say(key, values)` for a widget's own texts: data attributes of its <template data-texts>; Error for an unknown key. */
export function textsOf(element) {
  const { dataset } = element.querySelector('template[data-texts]');
  return (key, values = {}) => {
    if (dataset[key] === undefined) throw new Error(`no text named ${key}`);
    return dataset[key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  };
}

/** Say `sentence` once to screen readers, politely. */
export function announce(sentence) {
  const region = document.getElementById('announce');
  if (region) region.textContent = sentence;
}

/** Show `sentence` in the banner below the header, with an optional link {href, label, newTab}; '' takes it away. */
export function banner(sentence, link = null) {
  const box = document.getElementById('banner');
  box.replaceChildren(sentence);
  if (link) {
    const anchor = Object.assign(document.createElement('a'), { href: link.href, textContent: link.label });
    if (link.newTab) Object.assign(anchor, { target: '_blank', rel: 'noopener' });
    box.append(' ', anchor);
  }
  box.hidden = !sentence;
}

/** "10:32:05" of a Date or ISO string, in the browser's zone. */
export function timeOfDay(when) {
  const date = new Date(when);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
}
