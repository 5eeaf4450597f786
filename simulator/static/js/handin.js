// Leaving a page of the exam and handing in: first everything is sent, and nothing unsent is passed over in silence.
import { ask, paragraph } from './confirm.js';
import { banner, text } from './texts.js';
import { headers, send } from './api.js';

const LEAVE_MS = 4000;
const HAND_IN_MS = 8000;
const LAST_MS = 6000; // at zero: within the server's grace for text already typed

const labels = (drafts) => drafts.map((draft) => draft.label).join(text('separator'));

/** True if the server answers now. */
async function reachable(clockUrl) {
  const answer = await send(clockUrl);
  return answer.kind !== 'unreachable';
}

/** Make the links with data-leave save first; without the network they stay on the page and say why. */
export function guardLinks(autosave, urls) {
  document.addEventListener('click', async (event) => {
    const link = event.target.closest('a[data-leave], a[data-nav]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const [page] = link.href.split('#');
    if (page === location.href.split('#')[0]) return; // a place on this page
    event.preventDefault();
    if (await mayLeave(autosave, urls)) {
      autosave.leaving = true;
      location.assign(link.href);
    }
  });
}

async function mayLeave(autosave, urls) {
  if (autosave.closed) return true;
  const unsent = await autosave.flush(LEAVE_MS);
  const stay = { value: '', label: text('stay'), kind: 'main', focus: true };
  if (!await reachable(urls.clock)) {
    // The browser's own error page would replace the exam and all that stands on it.
    await ask({ title: text('noPageTitle'), content: paragraph(text('noPage')), buttons: [stay] });
    return false;
  }
  if (!unsent.length) return true;
  const leave = { value: 'leave', label: text('leaveAnyway') };
  return await ask({ title: text('unsentTitle'), content: paragraph(text('unsentText', { labels: labels(unsent) })), buttons: [leave, stay] }) === 'leave';
}

/** Make the hand-in form send everything first, and ask if something cannot be sent. */
export function guardHandIn(form, autosave, urls) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = 'yes';
    if (await mayHandIn(autosave, urls)) {
      post(form, autosave);
    } else {
      delete form.dataset.busy;
    }
  });
}

async function mayHandIn(autosave, urls) {
  for (;;) {
    const unsent = await autosave.flush(HAND_IN_MS);
    const online = await reachable(urls.clock);
    if (online && !unsent.length) return true;
    const content = document.createDocumentFragment();
    if (unsent.length) content.append(paragraph(text('unsentText', { labels: labels(unsent) })));
    content.append(paragraph(text(online ? 'anywayText' : 'unreachable')));
    const buttons = [{ value: 'stay', label: text('stay') }];
    if (unsent.length) buttons.push({ value: 'anyway', label: text('anyway'), kind: 'danger' });
    buttons.push({ value: 'retry', label: text('retry'), kind: 'main', focus: true });
    const choice = await ask({ title: text('unsentTitle'), content, buttons });
    if (choice === null || choice === 'stay') return false;
    // Even "anyway" needs the server: without it the browser would only show its own error page.
    if (choice === 'anyway' && await reachable(urls.clock)) return true;
  }
}

function post(form, autosave) {
  autosave.leaving = true;
  form.elements.csrf_token.value = headers()['X-CSRFToken']; // renewed, if somebody had to log in again meanwhile
  form.submit();
}

/** The time is up: send the last text, then hand in by the same form a person would use. */
export async function handInAtZero(form, autosave, urls, timer) {
  banner(text('timeUp'));
  await autosave.flush(LAST_MS);
  const answer = await send(urls.clock);
  if (answer.kind === 'done' && (answer.state === 'paused' || (answer.state === 'running' && answer.remaining_ms > 1000))) {
    timer.set(answer.remaining_ms); // somebody extended the time meanwhile
    return;
  }
  if (answer.kind === 'unreachable') {
    banner(text('timeUpOffline'));
    setTimeout(() => handInAtZero(form, autosave, urls, timer), 5000);
    return;
  }
  if (answer.kind === 'done' && answer.state === 'running') post(form, autosave);
  else { autosave.leaving = true; location.assign(urls.result); } // closed by the server already
}
