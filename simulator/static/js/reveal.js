// The staged release: space or Enter opens the next row, wherever the focus is but on a control that uses these keys itself.
const form = document.querySelector('form[data-next]');

document.addEventListener('keydown', (event) => {
  if (!form || event.repeat || (event.key !== ' ' && event.key !== 'Enter')) return;
  if (event.target.closest('a, button, input, select, textarea, dialog')) return;
  event.preventDefault();
  form.requestSubmit();
});
// A second press before the next page is there would ask for the same step again; the server ignores it.
form?.addEventListener('submit', () => form.querySelector('button').setAttribute('aria-disabled', 'true'));
