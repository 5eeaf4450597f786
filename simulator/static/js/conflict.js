// Two versions of one task: show both and let the person choose. Nothing is sent for the task until then.
import { ask, paragraph } from './confirm.js';
import { text, timeOfDay } from './texts.js';

const asking = new Set();

function version(title, when, content) {
  const box = document.createElement('section');
  box.className = 'version';
  const head = Object.assign(document.createElement('h3'), { textContent: title });
  head.append(' ', Object.assign(document.createElement('small'), { textContent: when }));
  const body = Object.assign(document.createElement('pre'), { textContent: content || text('nothing'), tabIndex: 0 });
  box.append(head, body);
  return box;
}

/** Ask which version of `draft` to keep and settle it. */
export async function settle(draft, autosave) {
  if (asking.has(draft)) return;
  asking.add(draft);
  const { mine, theirs } = draft.versions();
  const both = document.createElement('div');
  both.className = 'versions';
  const changed = draft.changedAt ? text('changedAt', { time: timeOfDay(draft.changedAt) }) : '';
  const saved = draft.conflict.saved_at ? text('savedAt', { time: draft.conflict.saved_at }) : '';
  both.append(version(text('mine'), changed, mine), version(text('theirs'), saved, theirs));
  const content = document.createDocumentFragment();
  content.append(paragraph(text('conflictText')), both);
  const choice = await ask({
    title: text('conflictTitle', { label: draft.label }),
    content,
    required: true, // closing without a choice would leave the task unsaved without a word
    wide: true,
    buttons: [{ value: 'theirs', label: text('useTheirs') }, { value: 'mine', label: text('useMine'), kind: 'main' }],
  });
  asking.delete(draft);
  draft.resolve(choice);
  autosave.pump();
}
