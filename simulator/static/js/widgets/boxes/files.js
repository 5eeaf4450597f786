// Import and export: the server converts, so that the page and the command line read the same files in the same way.
import { ask, paragraph } from '../../confirm.js';
import { headers } from '../../api.js';

const TIMEOUT_MS = 30000;

export class Files {
  constructor(field, owner) {
    Object.assign(this, { field, owner, say: owner.say });
    const picker = field.querySelector('[data-import-file]');
    picker.addEventListener('input', (event) => event.stopPropagation());
    picker.addEventListener('change', (event) => {
      event.stopPropagation(); // not an answer
      const [file] = picker.files;
      if (file) this.#read(file).finally(() => { picker.value = ''; });
    });
    for (const button of field.querySelectorAll('[data-export-as]')) button.addEventListener('click', () => this.#write(button.dataset.exportAs));
  }

  async #read(file) {
    const form = new FormData();
    form.append('file', file);
    const answer = await this.#post(this.field.dataset.import, form);
    const found = await answer?.json().catch(() => null);
    if (!answer?.ok || typeof found?.value !== 'string') {
      this.owner.fail(found?.error ?? this.say('unread'));
      return;
    }
    const { model } = this.owner;
    const counts = { old: model.count(), new: found.count, name: file.name };
    const buttons = [{ value: '', label: this.say('cancel') }, { value: 'yes', label: this.say('replace'), kind: 'main' }];
    if (counts.old && await ask({ title: this.say('importTitle'), content: paragraph(this.say('importText', counts)), buttons }) !== 'yes') return;
    model.replace(found.value);
    this.owner.tell(this.say('imported', counts));
  }

  async #write(form) {
    const body = JSON.stringify({ value: this.owner.model.write() });
    const answer = await this.#post(this.field.dataset.export.replace('FORM', form), body, { 'Content-Type': 'application/json' });
    if (!answer?.ok) {
      this.owner.fail((await answer?.json().catch(() => null))?.error ?? this.say('unwritten'));
      return;
    }
    const name = `${this.field.dataset.field}-${form}.${form === 'coco' ? 'json' : 'zip'}`;
    const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(await answer.blob()), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), TIMEOUT_MS);
    this.owner.tell(this.say('written', { name }));
  }

  async #post(url, body, more = {}) {
    try {
      return await fetch(url, { method: 'POST', body, headers: headers(more), credentials: 'same-origin', signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch {
      return null;
    }
  }
}
