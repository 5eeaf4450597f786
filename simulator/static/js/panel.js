// The navigation panel: states of the numbered buttons, collapsed on wide screens, a drawer on narrow ones.
import { stateOf } from './collect.js';
import { text } from './texts.js';

const SYMBOL = { blank: 'ring', partial: 'half', answered: 'check' };
const narrow = matchMedia('(max-width: 899px)');

const panel = document.getElementById('panel');
const toggle = document.getElementById('panel-toggle');
const shade = document.getElementById('panel-shade');

const isOpen = () => (narrow.matches ? document.body.classList.contains('panel-open') : !document.body.classList.contains('panel-shut'));

function show(open) {
  document.body.classList.toggle('panel-open', narrow.matches && open);
  if (!narrow.matches) document.body.classList.toggle('panel-shut', !open);
  shade.hidden = !(narrow.matches && open);
  toggle.setAttribute('aria-expanded', String(open));
  if (!narrow.matches) return;
  if (open) (panel.querySelector('[aria-current]') ?? panel.querySelector('a')).focus();
  else toggle.focus();
}

/** Open a closed panel, close an open one. */
export function togglePanel() {
  show(!isOpen());
}

/** Wire the panel's buttons. Esc and a press outside close the drawer. */
export function startPanel() {
  toggle.addEventListener('click', togglePanel);
  document.getElementById('panel-close').addEventListener('click', () => show(false));
  shade.addEventListener('click', () => show(false));
  panel.addEventListener('keydown', (event) => { if (event.key === 'Escape' && narrow.matches) show(false); });
  panel.addEventListener('click', (event) => { if (narrow.matches && event.target.closest('a')) show(false); });
  toggle.setAttribute('aria-expanded', String(isOpen()));
  narrow.addEventListener('change', () => toggle.setAttribute('aria-expanded', String(isOpen())));
}

const buttonOf = (position) => panel.querySelector(`[data-nav="${position}"]`);

/** Bring the button of `draft`, and the counts, up to date. */
export function paintState(draft) {
  const button = draft.section && buttonOf(draft.position);
  if (!button) return;
  const state = stateOf(draft.section, draft.current);
  if (button.dataset.state === state) return;
  button.dataset.state = state;
  repaint(button);
  for (const group of panel.querySelectorAll('.panel__group')) {
    const all = group.querySelectorAll('[data-nav]');
    const done = group.querySelectorAll('[data-state=answered]').length;
    group.querySelector('[data-group-count]').textContent = `${done}/${all.length}`;
    if (group.contains(button)) document.querySelector('[data-count=module]').textContent = done;
  }
}

/** Show or take away the flag on the button of the task at `position`. */
export function paintFlag(position, flagged) {
  const button = buttonOf(position);
  button.dataset.flagged = String(flagged);
  repaint(button);
}

/** Make the button of the task at `position` the current one. */
export function markCurrent(position) {
  panel.querySelector('[aria-current]')?.removeAttribute('aria-current');
  buttonOf(position).setAttribute('aria-current', 'true');
}

function repaint(button) {
  const { state, flagged } = button.dataset;
  const use = button.querySelector('.num__state use');
  use.setAttribute('href', use.getAttribute('href').replace(/#.*/, `#${SYMBOL[state]}`));
  const words = [text(`state${state[0].toUpperCase()}${state.slice(1)}`)];
  if (flagged === 'true') words.push(text('flagged'));
  button.querySelector('[data-nav-text]').textContent = words.join(text('comma'));
}
