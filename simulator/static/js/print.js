// The print button of pages that are made for paper; without script the browser's own menu does the same.
const button = document.getElementById('print');
if (button) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}
