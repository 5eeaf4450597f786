// One <dialog> for every question. Questions queue: a second never replaces a first that waits for its answer.

const dialog = document.getElementById('ask');
const words = document.getElementById('ask-texts').dataset;
let last = Promise.resolve();

/**
 * Ask and return the value of the chosen button; null when the person closes the dialog (Esc).
 * buttons: [{value, label, kind}], the last one gets the focus unless one has `focus`; `required` refuses Esc.
 */
export function ask(question) {
  last = last.then(() => show(question));
  return last;
}

function show({ title, content, buttons, required = false, wide = false }) {
  document.getElementById('ask-title').textContent = title;
  document.getElementById('ask-text').replaceChildren(content);
  dialog.classList.toggle('dialog--wide', wide);
  return new Promise((resolve) => {
    const row = document.getElementById('ask-buttons');
    row.replaceChildren(...buttons.map(({ value, label, kind, focus }) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = kind ? `button button--${kind}` : 'button';
      button.textContent = label;
      button.autofocus = Boolean(focus);
      button.addEventListener('click', () => finish(value));
      return button;
    }));
    const onCancel = (event) => {
      // Chromium closes on a second Esc whatever we say; the close handler below then opens it again.
      event.preventDefault();
      if (!required) finish(null);
    };
    const onClose = () => { if (required) dialog.showModal(); else finish(null); };
    const finish = (value) => {
      dialog.removeEventListener('cancel', onCancel);
      dialog.removeEventListener('close', onClose);
      if (dialog.open) dialog.close();
      resolve(value);
    };
    dialog.addEventListener('cancel', onCancel);
    dialog.addEventListener('close', onClose);
    dialog.showModal();
  });
}

/** A paragraph, for `content`. */
export function paragraph(sentence) {
  return Object.assign(document.createElement('p'), { textContent: sentence });
}

/** Make every form with data-confirm="question" ask before it is sent. */
export function guardForms(root = document) {
  root.addEventListener('submit', async (event) => {
    const form = event.target;
    if (!form.dataset.confirm || form.dataset.confirmed) return;
    event.preventDefault();
    const buttons = [{ value: null, label: words.cancel }, { value: 'yes', label: words.confirm, kind: 'main' }];
    const { submitter } = event;
    if (await ask({ title: words.title, content: paragraph(form.dataset.confirm), buttons })) {
      form.dataset.confirmed = 'yes';
      form.requestSubmit(submitter);
    }
  });
}
