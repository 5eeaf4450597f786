// The flow field: an agent built of nodes, as forms, as a drawing and as YAML. The textarea stays the place where the answer lives.
import { Editor } from './flow/editor.js';

/** Bring every flow field of the page to life. */
export function start() {
  for (const field of document.querySelectorAll('[data-widget=flow]')) new Editor(field);
}
