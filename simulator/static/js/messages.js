// Messages of the instructors: a new one stands above the page, spoken, until the candidate says that it was read; all of them
// can be read again. Loaded when the server first says that there is one.
import { ask } from './confirm.js';
import { send } from './api.js';
import { text } from './texts.js';

const { user, attempt, messagesUrl } = document.getElementById('exam').dataset;
const READ = `messages-read:${user}:${attempt}`;
const box = document.getElementById('told');
const button = document.getElementById('messages-open');
let newest = 0;
let all = [];

const lastRead = () => Number(localStorage.getItem(READ) ?? 0);

/** The server's newest message is `id`: fetch and show what has not been read. */
export async function hear(id) {
  if (id <= newest) return;
  const answer = await send(messagesUrl);
  if (answer.kind !== 'done') return; // asked again with the next look at the clock
  newest = id;
  all = answer.messages;
  button.hidden = false;
  paint();
}

function paint() {
  const unread = all.filter((one) => one.id > lastRead()).reverse();
  const shown = new Set([...box.children].map((one) => one.dataset.id));
  for (const one of [...box.children]) if (!unread.some(({ id }) => String(id) === one.dataset.id)) one.remove();
  box.hidden = unread.length === 0;
  for (const one of unread) if (!shown.has(String(one.id))) box.append(notice(one)); // a live region speaks what is added
}

function words({ at, mine, text: said }) {
  const head = Object.assign(document.createElement('b'), { textContent: text(mine ? 'toldMe' : 'told', { time: at }) });
  return [head, said];
}

function notice(one) {
  const item = Object.assign(document.createElement('div'), { className: 'told__one' });
  item.dataset.id = one.id;
  const line = Object.assign(document.createElement('p'), { className: 'told__text' });
  line.append(...words(one));
  const read = Object.assign(document.createElement('button'), { type: 'button', className: 'button button--small', textContent: text('toldRead') });
  read.addEventListener('click', () => {
    localStorage.setItem(READ, String(Math.max(lastRead(), one.id)));
    paint();
    (box.querySelector('button') ?? document.getElementById('main')).focus();
  });
  item.append(line, read);
  return item;
}

button.addEventListener('click', () => {
  const list = Object.assign(document.createElement('ul'), { className: 'told__all' });
  for (const one of all) {
    const item = document.createElement('li');
    item.append(...words(one));
    list.append(item);
  }
  ask({ title: text('toldTitle'), content: list, buttons: [{ value: 'close', label: text('close') }] });
});
