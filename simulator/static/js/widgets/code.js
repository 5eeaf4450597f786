// The code editor: dresses each code field's textarea. The textarea stays the place where the answer lives, so saving,
// restoring and working without scripts need to know nothing about the editor.
import { createEditor, defaultCommands, editHistory, highlightBracketPairs, matchBrackets } from '../../vendor/prism-code-editor-5.4.0/editor.js';
import { ask, paragraph } from '../confirm.js';
import { starterOf } from '../collect.js';
import { text } from '../texts.js';

function dress(field) {
  const area = field.querySelector('textarea');
  const typing = document.activeElement === area; // before this script came: the focus moves along, or keys would act as shortcuts
  const frame = document.createElement('div');
  frame.className = 'editor';
  area.before(frame);
  const options = { language: field.dataset.language, value: area.value, tabSize: 4, insertSpaces: true, lineNumbers: true, wordWrap: false };
  const editor = createEditor(frame, options, matchBrackets(), highlightBracketPairs(), defaultCommands(), editHistory());

  // The editor's own textarea is the one people and screen readers meet: it takes over the label and the hint.
  const label = field.querySelector('label');
  editor.textarea.id = `${area.id}-editor`;
  editor.textarea.setAttribute('aria-describedby', area.getAttribute('aria-describedby'));
  if (area.maxLength > 0) editor.textarea.maxLength = area.maxLength;
  label.htmlFor = editor.textarea.id;
  area.hidden = true;
  field.querySelector('[data-editor-hint]').hidden = false;

  if (typing) {
    editor.textarea.focus();
    editor.textarea.setSelectionRange(area.selectionStart, area.selectionEnd);
  }

  let filling = false;
  editor.on('update', (value) => {
    if (filling || value === area.value) return;
    area.value = value;
    area.dispatchEvent(new Event('input', { bubbles: true }));
  });
  field.addEventListener('field:filled', () => {
    filling = true;
    editor.setOptions({ value: area.value });
    filling = false;
  });
  wireRestore(field, area, editor);
}

function wireRestore(field, area, editor) {
  const button = field.querySelector('[data-restore]');
  if (!button) return;
  button.hidden = false;
  button.addEventListener('click', async () => {
    const buttons = [{ value: '', label: text('cancel') }, { value: 'yes', label: text('restore'), kind: 'danger' }];
    if (await ask({ title: text('restoreTitle'), content: paragraph(text('restoreText')), buttons }) !== 'yes') return;
    editor.textarea.focus();
    editor.textarea.select();
    document.execCommand('insertText', false, starterOf(field)); // the one way that the browser's undo can take back
  });
}

/** Dress every code field of the page. */
export function start() {
  for (const field of document.querySelectorAll('[data-kind=code]')) dress(field);
}
