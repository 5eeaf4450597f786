// What every page needs: questions before risky forms, the CSRF token on htmx requests, reachable scrolling, tidy storage.
import { guardForms } from './confirm.js';
import { tidy } from './outbox.js';

// Wide code and tables in a statement scroll by themselves; the keyboard has to be able to reach them.
for (const wide of document.querySelectorAll('.statement pre, .statement table')) {
  if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
}

guardForms();
tidy();

document.addEventListener('htmx:configRequest', (event) => {
  event.detail.headers['X-CSRFToken'] = document.querySelector('meta[name="csrf-token"]').content;
});
