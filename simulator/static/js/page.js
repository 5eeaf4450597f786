// What every page needs: questions before risky forms, the CSRF token on htmx requests, tidy local storage.
import { guardForms } from './confirm.js';
import { tidy } from './outbox.js';

guardForms();
tidy();

document.addEventListener('htmx:configRequest', (event) => {
  event.detail.headers['X-CSRFToken'] = document.querySelector('meta[name="csrf-token"]').content;
});
