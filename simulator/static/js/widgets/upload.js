// Upload of one file into a field: checked here first, sent with a progress bar, its first rows shown. The file goes to the
// server at once; the draft then holds {blob, name, size} and is saved like any other answer.
import { ask, paragraph } from '../confirm.js';
import { announce, text } from '../texts.js';
import { refusal, sizeOf, transfer } from './files/transfer.js';

class Upload {
  constructor(field) {
    const part = (name) => field.querySelector(`[data-upload-${name}]`);
    this.field = field;
    this.value = part('value');
    this.picker = field.querySelector('input[type=file]');
    Object.assign(this, { pick: part('pick'), name: part('name'), removal: part('remove'), bar: part('progress'), error: part('error'), preview: part('preview') });
    this.picker.addEventListener('change', (event) => {
      event.stopPropagation(); // not yet an answer
      this.take(this.picker.files[0]);
    });
    this.removal.addEventListener('click', () => this.remove());
    field.addEventListener('field:filled', () => { this.preview.replaceChildren(); this.paint(); });
    for (const name of ['dragover', 'dragleave', 'drop']) field.addEventListener(name, (event) => this.drag(event));
    this.paint();
    this.take(this.picker.files[0]); // chosen before this script was there
  }

  drag(event) {
    event.preventDefault();
    this.field.classList.toggle('upload--over', event.type === 'dragover');
    if (event.type === 'drop' && event.dataTransfer.files.length) this.take(event.dataTransfer.files[0]);
  }

  async take(file) {
    if (!file) return;
    this.fail(refusal(file, this.field.dataset));
    if (!this.error.hidden) return;
    this.sending?.abort(); // a second choice replaces the first
    this.bar.value = 0;
    this.bar.hidden = false;
    announce(text('uploading', { name: file.name }));
    const sending = transfer(this.field.dataset.uploadUrl, file, (percent) => { this.bar.value = percent; });
    this.sending = sending;
    const answer = await sending.ended;
    if (this.sending === sending) this.bar.hidden = true;
    if (answer.aborted) return;
    if (answer.error) { this.fail(answer.error, answer.again ? file : null); return; }
    this.set({ blob: answer.blob, name: answer.name, size: answer.size });
    this.show(answer.preview);
    announce(text('uploaded', { name: answer.name }));
  }

  set(value) {
    this.value.value = value ? JSON.stringify(value) : '';
    this.paint();
    this.value.dispatchEvent(new Event('change', { bubbles: true }));
  }

  async remove() {
    const { name } = JSON.parse(this.value.value);
    const buttons = [{ value: '', label: text('cancel') }, { value: 'yes', label: text('remove'), kind: 'danger' }];
    if (await ask({ title: text('removeTitle'), content: paragraph(text('removeText', { name })), buttons }) !== 'yes') return;
    this.picker.value = '';
    this.preview.replaceChildren();
    this.set(null);
    this.picker.focus();
  }

  fail(sentence, file = null) {
    this.error.replaceChildren(sentence);
    this.error.hidden = !sentence;
    if (!sentence) return;
    if (file) {
      const again = Object.assign(document.createElement('button'), { type: 'button', className: 'link', textContent: text('uploadAgain') });
      again.addEventListener('click', () => this.take(file));
      this.error.append(' ', again);
    } else {
      this.picker.value = ''; // choosing the corrected file under the same name must count as a change
    }
  }

  paint() {
    const value = this.value.value ? JSON.parse(this.value.value) : null;
    this.removal.hidden = !value;
    this.pick.textContent = text(value ? 'replace' : 'pick');
    if (!value) {
      this.name.replaceChildren(Object.assign(document.createElement('span'), { className: 'muted', textContent: text('noFile') }));
      return;
    }
    const { downloadUrl } = this.field.dataset;
    const shown = downloadUrl ? Object.assign(document.createElement('a'), { href: downloadUrl }) : document.createElement('span');
    shown.textContent = value.name;
    this.name.replaceChildren(shown, ' ', Object.assign(document.createElement('small'), { textContent: sizeOf(value.size) }));
  }

  show(preview) {
    this.preview.replaceChildren();
    if (!preview) return;
    const table = document.createElement('table');
    table.className = 'table table--data';
    table.createCaption().textContent = text('preview', { count: preview.count, shown: preview.rows.length });
    const head = table.createTHead().insertRow();
    for (const column of preview.columns) head.append(Object.assign(document.createElement('th'), { scope: 'col', textContent: column }));
    const body = table.createTBody();
    for (const row of preview.rows) {
      const line = body.insertRow();
      for (const cell of row) line.insertCell().textContent = cell ?? '';
    }
    const scroll = Object.assign(document.createElement('div'), { className: 'scroll', tabIndex: 0 });
    scroll.append(table);
    this.preview.append(scroll);
  }
}

/** Bring every upload field of the page to life. */
export function start() {
  for (const pick of document.querySelectorAll('[data-upload-pick]')) new Upload(pick.closest('[data-field]'));
}
