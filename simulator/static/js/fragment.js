// Buttons with data-fragment="url" data-target="id": POST, and show the HTML that comes back. Used for feedback, which looks
// at the saved draft: `before` saves it and may refuse. What waits for a worker comes with data-again="url": asked for again.
import { headers } from './api.js';
import { enliven } from './evidence.js';
import { text } from './texts.js';

const AGAIN_MS = 1500;

async function load(button, before) {
  const target = document.getElementById(button.dataset.target);
  button.disabled = true;
  target.textContent = text('working');
  try {
    const refusal = await before(button);
    if (refusal) target.textContent = refusal;
    else await show(await fetch(button.dataset.fragment, { method: 'POST', headers: headers({ Accept: 'text/html, application/json' }) }), target);
  } catch {
    target.textContent = text('fragmentFailed');
  }
  button.disabled = false;
  follow(target);
}

/** Ask for what waits in `target` until it is there. shown: the last answer; what has not changed is not said again. */
async function follow(target, shown = '') {
  const waiting = target.querySelector('[data-again]');
  if (!waiting) return;
  await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); });
  let html = '';
  try {
    const answer = await fetch(waiting.dataset.again, { headers: headers({ Accept: 'text/html, application/json' }) });
    if (answer.ok && !answer.redirected) html = await answer.text();
  } catch { /* no connection: next time */ }
  if (!target.contains(waiting)) return; // the button was pressed again
  if (html && html !== shown) {
    target.innerHTML = html;
    enliven(target);
  }
  follow(target, html || shown);
}

async function show(answer, target) {
  if (answer.headers.get('Content-Type')?.includes('json')) {
    const { error, hint = '' } = await answer.json();
    target.textContent = `${error}${hint}`;
  } else if (answer.ok && !answer.redirected) {
    target.innerHTML = await answer.text(); // our own template, autoescaped; scripts in it would not run
    enliven(target);
  } else {
    target.textContent = text(answer.redirected || answer.status === 401 ? 'expired' : 'fragmentFailed');
  }
}

/** Wire all such buttons. before(button): resolves to '' to go on, or to the sentence that says why not. */
export function startFragments(before) {
  for (const button of document.querySelectorAll('[data-fragment]')) {
    button.addEventListener('click', () => load(button, before));
    follow(document.getElementById(button.dataset.target));
  }
  enliven(document);
}
