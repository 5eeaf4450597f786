// The cards of a picture field: one picture with its buttons, or one that is being sent.
import { text } from '../../texts.js';
import { sizeOf } from '../files/transfer.js';

const TYPE = 'application/x-picture-place';

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function button(label, words, act, disabled, run) {
  const made = element('button', { type: 'button', className: 'images__button', textContent: label, disabled });
  made.setAttribute('aria-label', words);
  made.title = words;
  made.dataset.act = act;
  made.addEventListener('click', run);
  return made;
}

/** A picture: number, thumbnail (opens it large), name, size, and buttons. acts: {move(from, to), remove(n), zoom(n)}. */
export function card(item, n, count, source, say, acts) {
  const { name } = item;
  const face = source ? element('img', { src: source, alt: '', decoding: 'async', draggable: false }) : element('span', { className: 'images__blank', textContent: say('noPreview') });
  const open = element('button', { type: 'button', className: 'images__face', disabled: !source }, face);
  open.setAttribute('aria-label', say('open', { name }));
  open.addEventListener('click', () => acts.zoom(n));
  if (source) face.addEventListener('error', () => face.replaceWith(element('span', { className: 'images__blank', textContent: say('broken') })));
  const row = element('span', { className: 'images__acts' },
    button('←', say('forward', { name }), 'forward', n === 0, () => acts.move(n, n - 1)),
    button('→', say('back', { name }), 'back', n === count - 1, () => acts.move(n, n + 1)),
    button(text('remove'), say('removeOne', { name }), 'remove', false, () => acts.remove(n)));
  const title = element('span', { className: 'images__name', title: name }, element('b', { textContent: n + 1 }), ' ', name);
  const made = element('li', { className: 'images__card', draggable: true }, open, title, element('small', { textContent: sizeOf(item.size) }), row);
  carry(made, n, acts);
  return made;
}

// A card may be drawn onto another one's place with the mouse.
function carry(made, n, acts) {
  made.addEventListener('dragstart', (event) => event.dataTransfer.setData(TYPE, n));
  made.addEventListener('dragover', (event) => { if (event.dataTransfer.types.includes(TYPE)) { event.preventDefault(); made.classList.add('images__card--over'); } });
  made.addEventListener('dragleave', () => made.classList.remove('images__card--over'));
  made.addEventListener('drop', (event) => {
    if (!event.dataTransfer.types.includes(TYPE)) return;
    event.preventDefault();
    made.classList.remove('images__card--over');
    acts.move(Number(event.dataTransfer.getData(TYPE)), n);
  });
}

/** A file on its way: {element, progress(percent)}; onCancel(): it is not wanted any more. */
export function waiting(file, say, onCancel) {
  const bar = element('progress', { max: 100, value: 0 });
  bar.setAttribute('aria-label', text('uploading', { name: file.name }));
  const row = element('span', { className: 'images__acts' }, button(text('cancel'), say('cancelOne', { name: file.name }), 'cancel', false, onCancel));
  const face = element('span', { className: 'images__blank', textContent: say('waiting') });
  const made = element('li', { className: 'images__card' }, face, element('span', { className: 'images__name', textContent: file.name }), bar, row);
  return { element: made, progress: (percent) => { bar.value = percent; } };
}
