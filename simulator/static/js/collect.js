// Fields ↔ JSON: read one task's response out of its section, and put one back.
//
// What a field holds is told by its parts, not by its kind: boxes to tick → list of ids; [data-upload-value] → {blob, name, size}
// or a list of these; otherwise the text of its [data-value] (an island keeps its answer there), or of its only input.
// A field left empty, or as it was given ([data-starter]), is omitted, so that "blank" means the same here and in grading.

import { text } from './texts.js';

const fieldsOf = (section) => [...section.querySelectorAll('[data-field]')];

const inputOf = (field) => field.querySelector('[data-value]') ?? field.querySelector('textarea, input:not([type=file]):not([type=hidden])');

const uploadOf = (field) => field.querySelector('[data-upload-value]');

/** The text that a field begins with, '' if it has none. */
export function starterOf(field) {
  return field.querySelector('[data-starter]')?.content.textContent ?? '';
}

function readChoice(field, asServed) {
  const boxes = [...field.querySelectorAll('input[type=radio], input[type=checkbox]')];
  return boxes.filter((box) => (asServed ? box.defaultChecked : box.checked)).map((box) => box.value);
}

function readText(field, asServed) {
  const input = inputOf(field);
  const value = asServed ? input.defaultValue : input.value;
  return value === starterOf(field) ? '' : value; // an untouched starter is not an answer
}

function readField(field, asServed) {
  if (field.dataset.kind === 'choice') return readChoice(field, asServed);
  const upload = uploadOf(field);
  if (!upload) return readText(field, asServed);
  return upload.value ? JSON.parse(upload.value) : '';
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
    if (field.dataset.kind === 'choice') {
      for (const box of field.querySelectorAll('input')) box.checked = (value ?? []).includes(box.value);
    } else if (uploadOf(field)) {
      uploadOf(field).value = value ? JSON.stringify(value) : '';
    } else {
      inputOf(field).value = value ?? starterOf(field);
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
    if (Array.isArray(value)) {
      const plain = value.every((one) => typeof one === 'string'); // chosen options; files have an order of their own
      return plain ? [...value].sort() : value.map(ordered);
    }
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
    const shown = Array.isArray(value) ? value.map((one) => one.name ?? optionText(field, one)).join('\n') : value.name ?? value;
    const named = label && (field.dataset.kind !== 'choice' || field.querySelector('legend'));
    return named && ids.length > 1 ? `${text('labelled', { label })}\n${shown}` : shown;
  }).join('\n\n');
}

function optionText(field, id) {
  const box = field && [...field.querySelectorAll('input')].find((input) => input.value === id);
  return box ? box.closest('label').textContent.trim().replace(/\s+/g, ' ') : id;
}
