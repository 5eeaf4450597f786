// On the result page: answers of this attempt that never reached the server are offered as a file, then forgotten on request.
import { Outbox } from './outbox.js';

const box = document.getElementById('leftovers');
const outbox = new Outbox(box.dataset.user, box.dataset.attempt);
const entries = outbox.all();

if (entries.length) {
  document.getElementById('leftover-labels').textContent = entries.map((entry) => entry.label).join(box.dataset.separator);
  const file = new Blob([JSON.stringify({ user: box.dataset.user, attempt: box.dataset.attempt, entries }, null, 2)], { type: 'application/json' });
  const link = document.getElementById('leftover-save');
  link.href = URL.createObjectURL(file);
  link.download = `attempt-${box.dataset.attempt}.json`;
  document.getElementById('leftover-drop').addEventListener('click', () => {
    for (const entry of entries) outbox.discard(entry.position);
    box.hidden = true;
  });
  box.hidden = false;
}
