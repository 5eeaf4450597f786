// The keyboard of the 错题本: 1–9 and A–E choose, Enter asks whether it is right, Enter again goes on.
const form = document.querySelector('[data-redo]');
const next = document.querySelector('[data-next]');
const options = () => [...form.querySelectorAll('[data-kind=choice] input:enabled')];

function choose(index) {
  const option = options()[index];
  if (!option) return false;
  option.click();
  option.focus();
  return true;
}

function goOn() {
  if (next) next.click();
  else form.requestSubmit();
  return true;
}

function act(event) {
  const { key } = event;
  if (/^[1-9]$/.test(key)) return choose(Number(key) - 1);
  if (/^[a-e]$/i.test(key)) return choose(key.toLowerCase().charCodeAt(0) - 97);
  // Enter on a link or a button is theirs.
  return key === 'Enter' && !event.target.closest('a, button, summary, select') && goOn();
}

// What was found out is read out, and Enter goes on from there.
if (next) document.getElementById('h-result').focus();

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat || event.defaultPrevented) return;
  if (document.querySelector('dialog[open]')) return;
  if (act(event)) event.preventDefault();
});

// An answer is sent once, however often the button is pressed.
form.addEventListener('submit', (event) => {
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = 'yes';
});
addEventListener('pageshow', () => { delete form.dataset.sent; });

form.dataset.ready = ''; // from here on the keys work
