// The exam screen and its hand-in page: puts timer, drafts, panel, keys and widgets together.
import { Autosave } from './autosave.js';
import { Outbox } from './outbox.js';
import { Timer } from './timer.js';
import { announce, banner, text } from './texts.js';
import { guardHandIn, guardLinks, handInAtZero } from './handin.js';
import { help, startKeys } from './keys.js';
import { paintFlag, paintState, startPanel } from './panel.js';
import { send } from './api.js';
import { settle } from './conflict.js';

const BEAT_MS = 12000; // with a jitter: a class must not ask in step
const JITTER_MS = 3000;
const SAVE_FIRST_MS = 4000;

const { user, attempt, clockUrl, resultUrl, loginUrl } = document.getElementById('exam').dataset;
const urls = { clock: clockUrl, result: resultUrl, login: loginUrl };
const sections = [...document.querySelectorAll('[data-task]')];
const handIn = document.getElementById('hand-in');

const autosave = new Autosave({
  outbox: new Outbox(user, attempt),
  user,
  urls,
  onConflict: (draft) => settle(draft, autosave),
  onClock: (ms) => timer.set(ms),
  onClosed: () => {
    banner(text('closed'), { href: urls.result, label: text('toResult') });
    for (const area of document.querySelectorAll('#answers textarea')) area.readOnly = true; // still to be read and copied
    for (const control of document.querySelectorAll('#answers input, #answers button')) control.disabled = true;
  },
  onState: paintState,
});

const timer = new Timer({
  // A class runs out of time in the same second; spread over a moment, nobody waits.
  onZero: () => setTimeout(() => handInAtZero(handIn, autosave, urls, timer), Math.random() * 800),
  onOvertime: () => banner(text('overtime')),
  onStalled: resync,
});

const paused = document.getElementById('paused');
paused.addEventListener('cancel', (event) => event.preventDefault());

function pause(on) {
  timer.hold(on);
  if (on && !paused.open) { paused.showModal(); announce(paused.textContent); }
  if (!on && paused.open) paused.close();
}

/** The task that is worked on: the one with the focus, else the first on the screen. */
function inFront() {
  if (document.hidden || !sections.length) return undefined;
  return Number((document.activeElement?.closest('[data-task]') ?? sections[0]).dataset.position);
}

/** Tell the server that the page is there, and hear the time that remains, and whether the attempt still runs. */
async function resync() {
  const answer = await send(urls.clock, { method: 'POST', body: { position: inFront() } });
  if (answer.elsewhere) { banner(answer.error, { href: location.href, label: text('elsewhere') }); return; }
  if (answer.kind !== 'done') return;
  pause(answer.state === 'paused');
  if (answer.state === 'closed' || answer.state === 'left') autosave.close();
  else timer.set(answer.remaining_ms);
  if (answer.notice_id) import('./messages.js').then((found) => found.hear(answer.notice_id), () => {}); // next time, if the network went
  if (autosave.trouble) autosave.pump(); // the clock came through, so may the drafts
}

async function flag(section) {
  const button = section.querySelector('[data-flag]');
  const flagged = button.getAttribute('aria-pressed') !== 'true';
  const paint = (on) => { button.setAttribute('aria-pressed', String(on)); paintFlag(section.dataset.position, on); };
  paint(flagged);
  const answer = await send(section.dataset.flagUrl, { method: 'PUT', body: { flagged } });
  if (answer.kind === 'done') { announce(text(flagged ? 'flagged' : 'unflagged')); return; }
  paint(!flagged);
  banner(text('flagFailed'));
}

function startChoices() {
  document.addEventListener('change', (event) => {
    const field = event.target.closest('[data-kind=choice]');
    const clear = field?.querySelector('[data-clear]');
    if (clear) clear.hidden = !field.querySelector('input:checked');
  });
  for (const clear of document.querySelectorAll('[data-clear]')) {
    const field = clear.closest('[data-field]');
    const boxes = [...field.querySelectorAll('input')];
    clear.hidden = !boxes.some((box) => box.checked);
    field.addEventListener('field:filled', () => { clear.hidden = !boxes.some((box) => box.checked); });
    clear.addEventListener('click', () => {
      for (const box of boxes) box.checked = false;
      clear.hidden = true;
      boxes[0].focus();
      boxes[0].dispatchEvent(new Event('change', { bubbles: true }));
    });
  }
}

function startForm() {
  // Enter in a one-line field would post the form and reload the page; saving is what the person means.
  document.getElementById('answers')?.addEventListener('submit', (event) => { event.preventDefault(); autosave.pump(); });
  for (const section of sections) section.querySelector('[data-flag]').addEventListener('click', () => flag(section));
}

// A trial run and feedback look at the saved draft: it is saved first, and they are refused if it cannot be.
async function saveFirst(button) {
  const position = Number(button.closest('[data-task]').dataset.position);
  const unsent = await autosave.flush(SAVE_FIRST_MS);
  return unsent.some((draft) => draft.position === position) ? text('checkOffline') : '';
}

// What only some screens have is loaded only there.
async function startWidgets() {
  if (document.querySelector('[data-fragment]')) (await import('./fragment.js')).startFragments(saveFirst);
  if (document.querySelector('[data-kind=code]')) (await import('./widgets/code.js')).start();
  if (document.querySelector('[data-run]')) (await import('./trial.js')).start({ saveFirst, login: urls.login });
  if (document.querySelector('[data-upload-pick]')) (await import('./widgets/upload.js')).start();
  for (const name of new Set([...document.querySelectorAll('[data-widget]')].map((field) => field.dataset.widget))) {
    (await import(`./widgets/${name}.js`)).start();
  }
}

function watchOtherTabs() {
  const channel = new BroadcastChannel(`attempt-${attempt}`);
  channel.addEventListener('message', ({ data }) => {
    if (data === 'hello') channel.postMessage('here');
    banner(text('secondTab'));
  });
  channel.postMessage('hello');
}

startChoices();
autosave.start(sections); // before the widgets: they show what the outbox put back
startWidgets();
guardLinks(autosave, urls);
guardHandIn(handIn, autosave, urls);
if (sections.length) {
  startForm();
  startPanel();
  startKeys();
  document.getElementById('help-open').addEventListener('click', help);
}
watchOtherTabs();
resync(); // what was said before this page was opened
const beat = () => setTimeout(async () => { await resync(); beat(); }, BEAT_MS - Math.random() * JITTER_MS);
beat();
pause(document.getElementById('exam').dataset.state === 'paused');
document.addEventListener('visibilitychange', () => { if (!document.hidden) resync(); });
addEventListener('pageshow', (event) => { if (event.persisted) resync(); });
document.dispatchEvent(new Event('exam:ready')); // early.js lets go
