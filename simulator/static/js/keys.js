// The keyboard of the exam screen. Single letters work only where nobody is typing.
import { ask } from './confirm.js';
import { text } from './texts.js';
import { markCurrent, togglePanel } from './panel.js';

const TYPING = 'input:not([type=radio]):not([type=checkbox]):not([type=file]), textarea, select, [contenteditable]';

let current = null;

/** The task that keys act on: the one with the focus, or else the one last used, or else the topmost in view. */
function currentTask() {
  const focused = document.activeElement?.closest('[data-task]');
  if (focused) return focused;
  if (current && inView(current)) return current;
  return [...document.querySelectorAll('[data-task]')].find(inView) ?? document.querySelector('[data-task]');
}

function inView(task) {
  const { top, bottom } = task.getBoundingClientRect();
  return bottom > 80 && top < innerHeight - 60; // below the header, above the pager
}

function goTo(step) {
  const tasks = [...document.querySelectorAll('[data-task]')];
  const target = tasks[tasks.indexOf(currentTask()) + step];
  if (!target) return false;
  mark(target);
  const control = target.querySelector('input:checked') ?? target.querySelector('input, textarea');
  target.scrollIntoView({ block: 'center' });
  (control ?? target).focus({ preventScroll: true });
  return true;
}

function mark(task) {
  if (task === current) return;
  current?.classList.remove('task--here');
  current = task;
  task.classList.add('task--here');
  markCurrent(task.dataset.position);
}

/** Choose the option with the number `index` in the current task, as a click on it would. */
function choose(index) {
  const task = currentTask();
  const option = task?.querySelector('[data-kind=choice]')?.querySelectorAll('input')[index];
  if (!option) return false;
  mark(task);
  option.click();
  option.focus({ preventScroll: true });
  return true;
}

function turn(rel) {
  const link = document.querySelector(`.pager a[rel=${rel}]`);
  link?.click();
  return Boolean(link);
}

const ACTIONS = {
  '[': () => turn('prev'),
  ']': () => turn('next'),
  ArrowLeft: () => turn('prev'),
  ArrowRight: () => turn('next'),
  j: () => goTo(1),
  k: () => goTo(-1),
  f: () => { currentTask()?.querySelector('[data-flag]').click(); return true; },
  g: () => { togglePanel(); return true; },
  '?': () => { help(); return true; },
};

function actionOf(event) {
  const { key } = event;
  // Arrows belong to a radio group that has the focus: there they move between its options.
  if (key.startsWith('Arrow') && event.target.closest('input, summary, [role=region], .scroll')) return null;
  if (/^[1-9]$/.test(key)) return () => choose(Number(key) - 1);
  if (/^[a-e]$/i.test(key)) return () => choose(key.toLowerCase().charCodeAt(0) - 97);
  return ACTIONS[key.length === 1 ? key.toLowerCase() : key] ?? null;
}

/** Show the list of keys. */
export function help() {
  const list = document.createElement('dl');
  list.className = 'keys';
  const rows = [['[ ]', 'keyPages'], ['k j', 'keyItems'], ['1–9 A–E', 'keyChoose'], ['f', 'keyFlag'], ['g', 'keyPanel'], ['?', 'keyHelp']];
  for (const [keys, name] of rows) {
    const term = document.createElement('dt');
    for (const key of keys.split(' ')) term.append(Object.assign(document.createElement('kbd'), { textContent: key }), ' ');
    list.append(term, Object.assign(document.createElement('dd'), { textContent: text(name) }));
  }
  return ask({ title: text('keysTitle'), content: list, buttons: [{ value: 'ok', label: text('close'), kind: 'main', focus: true }] });
}

/** Listen for keys, and remember the task that was last used. */
export function startKeys() {
  document.addEventListener('focusin', (event) => {
    const task = event.target.closest('[data-task]');
    if (task) mark(task);
  });
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
    if (document.querySelector('dialog[open]') || event.target.closest(TYPING)) return;
    if (actionOf(event)?.()) event.preventDefault();
  });
}
