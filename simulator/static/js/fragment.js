// Buttons with data-fragment="url" data-target="id": POST, and show the HTML that comes back. Used for feedback and trial
// runs, which look at the saved draft: `before` saves it and may refuse.
import { headers } from './api.js';
import { text } from './texts.js';

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
}

async function show(answer, target) {
  if (answer.headers.get('Content-Type')?.includes('json')) {
    const { error, hint = '' } = await answer.json();
    target.textContent = `${error}${hint}`;
  } else if (answer.ok && !answer.redirected) {
    target.innerHTML = await answer.text(); // our own template, autoescaped; scripts in it would not run
  } else {
    target.textContent = text(answer.redirected || answer.status === 401 ? 'expired' : 'fragmentFailed');
  }
}

/** Wire all such buttons. before(button): resolves to '' to go on, or to the sentence that says why not. */
export function startFragments(before) {
  for (const button of document.querySelectorAll('[data-fragment]')) {
    button.addEventListener('click', () => load(button, before));
  }
}
