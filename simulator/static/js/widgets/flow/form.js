// The form of one node: its template's controls bound to places in the node's data. What no control names stays as it is.
import { bindTool } from './tools.js';
import { get, join, set } from './paths.js';
import { fillVariables, variablesFor } from './variables.js';

const toText = (value) => (value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value));

/**
 * Fill `box` with the form of node `id`.
 * editor: {field, flow, say, tools, documents}; changed(key, {whole}): the data has changed; whole: rows came or went.
 */
export function openForm(box, editor, id, changed) {
  const node = editor.flow.find(id);
  const template = editor.field.querySelector(`template[data-form="${CSS.escape(node.data.type)}"]`) ?? editor.field.querySelector('template[data-form=unknown]');
  box.replaceChildren(template.content.cloneNode(true));
  normalise(node.data);
  const form = { box, editor, id, data: node.data, groups: variablesFor(editor.flow, id, editor.say, editor.tools), changed };
  bindTool(box, form);
  bindDocuments(box, form);
  bindOutputs(box, form);
  bind(box, '', form);
}

// Older files write the conditions of an if-else node without cases, and prompts without a list.
function normalise(data) {
  if (data.type === 'if-else' && !Array.isArray(data.cases)) {
    data.cases = [{ case_id: 'true', logical_operator: data.logical_operator ?? 'and', conditions: data.conditions ?? [] }];
    delete data.conditions;
    delete data.logical_operator;
  }
  if (data.type === 'llm' && data.prompt_template && !Array.isArray(data.prompt_template)) data.prompt_template = [{ role: 'system', ...data.prompt_template }];
}

/** Bind the controls below `root` that belong to `base`; rows of lists are bound by their lists. */
export function bind(root, base, form) {
  for (const list of root.querySelectorAll('[data-list]')) bindList(list, join(base, list.dataset.list), form);
  for (const control of root.querySelectorAll('[data-path]:not([data-bound])')) bindControl(control, join(base, control.dataset.path), form);
  for (const select of root.querySelectorAll('[data-selector]:not([data-bound])')) bindSelector(select, join(base, select.dataset.selector), form);
  for (const select of root.querySelectorAll('[data-insert]:not([data-bound])')) bindInsert(select, form);
}

function bindControl(control, path, form) {
  control.dataset.bound = path;
  const value = get(form.data, path);
  if (control.type === 'checkbox') control.checked = value === true;
  else if (control.tagName === 'SELECT') choose(control, toText(value));
  else control.value = toText(value);
  control.addEventListener(control.tagName === 'SELECT' || control.type === 'checkbox' ? 'change' : 'input', () => {
    set(form.data, path, valueOf(control, get(form.data, path)));
    form.changed(`${form.id} ${path}`);
  });
}

function choose(select, value) {
  if (![...select.options].some((option) => option.value === value)) select.add(new Option(value, value));
  select.value = value;
}

function valueOf(control, old) {
  if (control.type === 'checkbox') return control.checked;
  if (control.dataset.as === 'number') return control.value === '' ? null : Number(control.value);
  if (control.dataset.as === 'optional' && control.value === '') return undefined;
  if (Array.isArray(old) || control.dataset.path === 'options') return control.value.split(/[,，]\s*/).filter(Boolean);
  return control.value;
}

function bindSelector(select, path, form) {
  select.dataset.bound = path;
  const given = get(form.data, path);
  const value = Array.isArray(given) ? given.join('.') : '';
  select.replaceChildren(new Option(form.editor.say('noVariable'), ''));
  fillVariables(select, form.groups, 1);
  if (value && ![...select.options].some((option) => option.value === value)) select.add(new Option(form.editor.say('missingVariable', { name: value }), value));
  select.value = value;
  select.addEventListener('change', () => {
    set(form.data, path, select.value ? split(select.value) : []);
    form.changed(`${form.id} ${path}`);
  });
}

const split = (value) => [value.slice(0, value.indexOf('.')), value.slice(value.indexOf('.') + 1)];

function bindInsert(select, form) {
  select.dataset.bound = 'insert';
  fillVariables(select, form.groups, 1);
  const control = select.closest('.flow__control').querySelector('textarea, input');
  select.addEventListener('change', () => {
    if (!select.value) return;
    control.setRangeText(`{{#${select.value}#}}`, control.selectionStart, control.selectionEnd, 'end');
    select.value = '';
    control.dispatchEvent(new Event('input', { bubbles: true }));
    control.focus();
  });
}

function bindList(list, path, form) {
  if (list.dataset.bound || list.closest('template')) return;
  list.dataset.bound = path;
  const rows = Array.isArray(get(form.data, path)) ? get(form.data, path) : [];
  const box = list.querySelector('[data-rows]');
  const template = list.querySelector('template[data-row]');
  const say = form.editor.say;
  rows.forEach((row, n) => {
    const element = template.content.cloneNode(true).firstElementChild;
    element.setAttribute('role', 'group');
    element.setAttribute('aria-label', say('rowName', { list: list.querySelector('legend').textContent, n: n + 1 }));
    bind(element, join(path, String(n)), form);
    // the row's own button comes last; those before belong to lists inside it
    [...element.querySelectorAll('[data-remove-row]')].at(-1).addEventListener('click', () => removeRow(list, path, n, form));
    box.append(element);
  });
  list.querySelector(':scope > [data-add-row]').addEventListener('click', () => {
    const fresh = JSON.parse(list.dataset.fresh);
    if (list.dataset.key) fresh[list.dataset.key] = nextNumber(rows, list.dataset.key);
    set(form.data, path, [...rows, fresh]);
    form.changed('', { whole: true, focus: `${path}.${rows.length}` });
  });
}

function nextNumber(rows, key) {
  let number = rows.length + 1;
  while (rows.some((row) => String(row?.[key]) === String(number))) number += 1;
  return String(number);
}

function removeRow(list, path, n, form) {
  set(form.data, path, get(form.data, path).filter((_row, at) => at !== n));
  if ('handles' in list.dataset) form.editor.flow.trim(form.id);
  form.changed('', { whole: true, focus: path });
}

function bindDocuments(box, form) {
  const list = box.querySelector('[data-documents]');
  if (!list) return;
  const path = list.dataset.documents;
  const chosen = () => (Array.isArray(get(form.data, path)) ? get(form.data, path).map(String) : []);
  const all = [...new Set([...form.editor.documents, ...chosen()])];
  list.hidden = !all.length;
  for (const name of all) {
    const tick = Object.assign(document.createElement('input'), { type: 'checkbox', checked: chosen().some((one) => one === name || one === name.replace(/\.\w+$/, '')) });
    tick.addEventListener('change', () => {
      const rest = chosen().filter((one) => one !== name && one !== name.replace(/\.\w+$/, ''));
      set(form.data, path, tick.checked ? [...rest, name] : rest);
      form.changed('');
    });
    const label = Object.assign(document.createElement('label'), { className: 'pick' });
    label.append(tick, Object.assign(document.createElement('span'), { textContent: name }));
    list.append(label);
  }
}

function bindOutputs(box, form) {
  const input = box.querySelector('[data-outputs]');
  if (!input) return;
  input.value = Object.entries(form.data.outputs ?? {}).map(([name, { type } = {}]) => `${name}:${type ?? 'string'}`).join(', ');
  input.addEventListener('input', () => {
    const pairs = input.value.split(/[,，]/).map((pair) => pair.split(/[:：]/).map((word) => word.trim())).filter(([name]) => name);
    form.data.outputs = Object.fromEntries(pairs.map(([name, type]) => [name, { children: null, ...form.data.outputs?.[name], type: type || 'string' }]));
    form.changed(`${form.id} outputs`);
  });
}
