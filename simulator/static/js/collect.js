// Fields ↔ JSON: read one task's response out of its section, and put one back.
//
// Kinds: choice → list of ids; number, text → string; code → string; table, file → {blob, name, size}.
// A field left empty is omitted, so that "blank" means the same here and in grading.

import { text } from './texts.js';

const fieldsOf = (section) => [...section.querySelectorAll('[data-field]')];

const inputOf = (field) => field.querySelector('textarea, input:not([type=file]):not([type=hidden])');

/** The starter program of a code field, '' if it has none. */
export function starterOf(field) {
  return field.querySelector('[data-starter]')?.content.textContent ?? '';
}

function readChoice(field, asServed) {
  const boxes = [...field.querySelectorAll('input[type=radio], input[type=checkbox]')];
  return boxes.filter((box) => (asServed ? box.defaultChecked : box.checked)).map((box) => box.value);
}

function readCode(field, asServed) {
  const area = inputOf(field);
  const code = asServed ? area.defaultValue : area.value;
  return code === starterOf(field) ? '' : code; // an untouched starter is not an answer
}

function readUpload(field) {
  const { value } = field.querySelector('[data-upload-value]');
  return value ? JSON.parse(value) : '';
}

function readField(field, asServed) {
  switch (field.dataset.kind) {
    case 'choice': return readChoice(field, asServed);
    case 'code': return readCode(field, asServed);
    case 'table':
    case 'file': return readUpload(field);
    default: return asServed ? inputOf(field).defaultValue : inputOf(field).value;
  }
}

/**
 * The response in `section` as {field id: value}.
 * asServed: what the server put into the page, whatever was typed or restored by the browser since.
 */
export function collect(section, { asServed = false } = {}) {
  const pairs = fieldsOf(section).map((field) => [field.dataset.field, readField(field, asServed)]);
  return Object.fromEntries(pairs.filter(([, value]) => value.length !== 0));
}

/** Put `response` into the fields of `section`; widgets follow by the event field:filled. */
export function fill(section, response) {
  for (const field of fieldsOf(section)) {
    const value = response[field.dataset.field];
    switch (field.dataset.kind) {
      case 'choice':
        for (const box of field.querySelectorAll('input')) box.checked = (value ?? []).includes(box.value);
        break;
      case 'code': inputOf(field).value = value ?? starterOf(field); break;
      case 'table':
      case 'file': field.querySelector('[data-upload-value]').value = value ? JSON.stringify(value) : ''; break;
      default: inputOf(field).value = value ?? '';
    }
    field.dispatchEvent(new CustomEvent('field:filled'));
  }
}

/** blank, partial or answered: how many of the section's fields hold something. */
export function stateOf(section, response) {
  const filled = Object.keys(response).length;
  if (filled === 0) return 'blank';
  return filled < fieldsOf(section).length ? 'partial' : 'answered';
}

/** A text that is equal for equal responses, whatever the order of keys and of chosen options. */
export function fingerprint(response) {
  const ordered = (value) => {
    if (Array.isArray(value)) return [...value].sort();
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.keys(value).sort().map((key) => [key, ordered(value[key])]));
  };
  return JSON.stringify(ordered(response ?? {}));
}

/** What `response` says where `other` says something else, as readable text; `section` (for labels) may be null. */
export function describeDifference(response, other, section) {
  const ids = section ? fieldsOf(section).map((field) => field.dataset.field) : Object.keys({ ...response, ...other });
  const differing = ids.filter((id) => fingerprint({ id: response[id] }) !== fingerprint({ id: other[id] }));
  return differing.filter((id) => id in response).map((id) => {
    const field = section?.querySelector(`[data-field="${CSS.escape(id)}"]`);
    const label = field?.querySelector('label, legend')?.textContent.trim();
    const value = response[id];
    const shown = Array.isArray(value) ? value.map((one) => optionText(field, one)).join('\n') : value.name ?? value;
    const named = label && (field.dataset.kind !== 'choice' || field.querySelector('legend'));
    return named && ids.length > 1 ? `${text('labelled', { label })}\n${shown}` : shown;
  }).join('\n\n');
}

function optionText(field, id) {
  const box = field && [...field.querySelectorAll('input')].find((input) => input.value === id);
  return box ? box.closest('label').textContent.trim().replace(/\s+/g, ' ') : id;
}
