// Places in plain data by dotted paths ("prompt_template.0.text"); '' is the data itself.

const split = (path) => (path === '' ? [] : path.split('.'));

/** Join a base path and one below it. */
export const join = (base, rest) => [base, rest].filter((part) => part !== '').join('.');

/** What stands at `path`, undefined if nothing does. */
export function get(data, path) {
  return split(path).reduce((place, key) => place?.[key], data);
}

/** Put `value` at `path`, making objects and lists on the way; undefined takes the key away. */
export function set(data, path, value) {
  const keys = split(path);
  const last = keys.pop();
  let place = data;
  keys.forEach((key, n) => {
    if (place[key] === null || typeof place[key] !== 'object') place[key] = /^\d+$/.test(keys[n + 1] ?? last) ? [] : {};
    place = place[key];
  });
  if (value === undefined) delete place[last];
  else place[last] = value;
}
