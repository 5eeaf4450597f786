// The live monitor: asks for what has changed every five seconds and swaps only that, so that focus and scrolling stay; searches,
// filters and sorts without a reload; shows a candidate's panel in a dialog.
import { headers } from './api.js';
import { textsOf, timeOfDay } from './texts.js';

const EVERY_MS = 5000;
const TYPING_MS = 300;
const PARTS = ['live-facts', 'live-warnings', 'live-asked', 'live-count', 'live-none'];

const live = document.getElementById('live');
const form = document.getElementById('seats-filter');
const line = document.getElementById('live-state');
const say = textsOf(line);
const texts = line.querySelector('template');
const dialog = document.getElementById('candidate-dialog');
let fresh = new Date();
let asking = 0; // number of the newest request: what an older one brings is thrown away

function tell(key) {
  line.replaceChildren(say(key, { time: timeOfDay(fresh) }), texts);
  line.classList.toggle('wrong', key !== 'fresh');
}

/** The filter as a query string; what is empty is left out. */
function query() {
  return new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
}

/** Fetch and show what has changed. whole: show it even if the filter makes it the same version. */
async function refresh(whole = false) {
  asking += 1;
  const own = asking;
  const asked = query();
  if (!whole) asked.set('seen', live.dataset.version);
  try {
    const answer = await fetch(`${form.dataset.rows}?${asked}`, { headers: headers({ Accept: 'text/html' }), cache: 'no-store' });
    if (own !== asking) return;
    if (answer.redirected || answer.status === 401 || answer.status === 403) { tell('expired'); return; }
    if (answer.status === 200) show(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    else if (answer.status !== 204) throw new Error(`status ${answer.status}`);
    fresh = new Date();
    tell('fresh');
  } catch {
    tell('stale');
  }
}

function show(page) {
  const focused = document.activeElement?.id;
  for (const id of PARTS) {
    const [old, next] = [document.getElementById(id), page.getElementById(id)];
    if (old.innerHTML !== next.innerHTML) old.innerHTML = next.innerHTML; // our own template, autoescaped
  }
  document.getElementById('live-table').hidden = page.getElementById('live-table').hidden;
  showRows(document.getElementById('live-rows'), [...page.getElementById('live-rows').children]);
  live.dataset.version = page.getElementById('live').dataset.version;
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** Put `rows` into `body`; those that are as they were keep their element. */
function showRows(body, rows) {
  const old = new Map([...body.children].map((row) => [row.id, row]));
  const kept = rows.map((row) => (old.get(row.id)?.outerHTML === row.outerHTML ? old.get(row.id) : row));
  const same = kept.length === body.children.length && kept.every((row, n) => row.id === body.children[n].id);
  if (!same) { body.replaceChildren(...kept); return; }
  kept.forEach((row, n) => { if (row !== body.children[n]) body.children[n].replaceWith(row); });
}

async function open(link) {
  const answer = await fetch(link.href, { headers: headers({ Accept: 'text/html' }) });
  const part = answer.ok && new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('candidate');
  if (!part) { location.assign(link.href); return; }
  document.getElementById('candidate-name').textContent = part.dataset.name;
  document.getElementById('candidate-body').replaceChildren(part);
  dialog.showModal();
  dialog.addEventListener('close', () => document.getElementById(link.id)?.focus(), { once: true });
}

document.getElementById('candidate-close').addEventListener('click', () => dialog.close());
document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-candidate]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(link).catch(() => location.assign(link.href));
});

function filter() {
  history.replaceState(null, '', `?${query()}`);
  refresh(true);
}

let typing;
form.addEventListener('input', () => { clearTimeout(typing); typing = setTimeout(filter, TYPING_MS); });
form.addEventListener('submit', (event) => { event.preventDefault(); clearTimeout(typing); filter(); });
document.getElementById('seats-apply').hidden = true; // it filters while one types
setInterval(() => { if (!document.hidden) refresh(); }, EVERY_MS);
document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
tell('fresh');
