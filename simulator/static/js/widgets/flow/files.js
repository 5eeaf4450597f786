// Take a flow from a .yml file, and give it as one, as Dify's own import and export do.
import { announce } from '../../texts.js';
import { ask, paragraph } from '../../confirm.js';
import { read } from './model.js';

async function take(editor, file) {
  const { say } = editor;
  const limit = Number(editor.field.dataset.maxLength);
  const refuse = (sentence) => { editor.part('file-error').textContent = sentence; editor.part('file-error').hidden = !sentence; };
  refuse('');
  if (file.size > limit * 4) { refuse(say('fileTooLarge', { n: limit })); return; }
  const text = (await file.text()).replace(/^\ufeff/, '');
  if (text.length > limit) { refuse(say('fileTooLarge', { n: limit })); return; }
  const { error } = read(text, say);
  if (error) { refuse(say('fileUnreadable', { name: file.name, reason: error.line ? say('atLine', { line: error.line, message: error.message }) : error.message })); return; }
  const buttons = [{ value: '', label: say('cancel') }, { value: 'yes', label: say('replace'), kind: 'danger' }];
  const wanted = !editor.area.value.trim() || await ask({ title: say('importTitle'), content: paragraph(say('importText', { name: file.name })), buttons }) === 'yes';
  if (!wanted) return;
  editor.replace(text);
  announce(say('imported', { name: file.name }));
}

function give(editor) {
  const name = String(editor.flow?.doc.app?.name ?? '').replace(/[\\/:*?"<>|\s]+/g, '-').slice(0, 60) || 'flow';
  const url = URL.createObjectURL(new Blob([editor.area.value], { type: 'application/yaml' }));
  const link = Object.assign(document.createElement('a'), { href: url, download: `${name}.yml` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/** Wire the import and export buttons of `editor`. */
export function wireFiles(editor) {
  const input = editor.part('import');
  input.addEventListener('change', async () => {
    const [file] = input.files;
    input.value = '';
    if (file) await take(editor, file);
  });
  editor.part('export').addEventListener('click', () => give(editor));
}
