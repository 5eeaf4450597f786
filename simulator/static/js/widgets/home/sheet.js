// The YAML text of a list of automations, and its parts. Each automation keeps the very text that was typed until the form
// changes it; then only what was changed is written anew, so that comments and everything the form does not know survive.
import { LineCounter, isMap, isSeq, parseDocument, stringify } from '../../../vendor/yaml-2.9.1/yaml.js';

const READ = { version: '1.1', schema: 'yaml-1.1', merge: false, uniqueKeys: true, prettyErrors: false, logLevel: 'silent' };
const WRITE = { lineWidth: 0, indentSeq: true, defaultStringType: 'PLAIN', defaultKeyType: 'PLAIN' };

/** Read `text`: {document} or, if it is no YAML, {error: {line, code, message}}. */
export function read(text) {
  const lines = new LineCounter();
  const document = parseDocument(text, { ...READ, lineCounter: lines });
  const [error] = document.errors;
  if (!error) return { document, lines };
  return { error: { line: lines.linePos(error.pos[0]).line, code: error.code, message: error.message } };
}

/** YAML text of a plain value, states like "on" quoted. */
export function fragment(value) {
  return stringify(value, { ...WRITE, version: '1.1' }).trimEnd();
}

/** The plain value of YAML text; Error if it is none. */
export function valueOf(text) {
  const { document, error } = read(text);
  if (error) throw new Error(error.message);
  return document.toJS();
}

/** One automation: its text, and the document behind it. */
class Item {
  constructor(text) {
    this.text = text;
    this.document = parseDocument(text, READ);
    this.value = this.document.toJS()?.[0];
  }

  get known() { return this.value !== null && typeof this.value === 'object' && !Array.isArray(this.value); }

  /** Put `value` at `path` inside the automation (undefined: take it away) and write the text anew. */
  set(path, value) {
    const place = [0, ...path];
    if (value === undefined) this.document.deleteIn(place);
    else this.document.setIn(place, this.document.createNode(value));
    this.text = `${this.document.toString(WRITE).trimEnd()}\n`;
    this.value = this.document.toJS()[0];
  }
}

/** A text cut into its automations; `whole` is false if the form cannot show it (its root is no block list). */
export class Sheet {
  constructor(text) {
    const { document, error } = read(text);
    this.error = error ?? null;
    this.head = text;
    this.items = [];
    this.whole = !error;
    if (error || document.contents === null) return;
    const parts = isSeq(document.contents) ? cut(text, document.contents) : null;
    this.whole = parts !== null;
    if (!parts) return;
    this.head = parts.head;
    this.items = parts.texts.map((part) => new Item(part));
  }

  toString() {
    return this.head + this.items.map((item) => (item.text.endsWith('\n') ? item.text : `${item.text}\n`)).join('');
  }

  /** Add an automation with this plain value after place `at`. */
  insert(at, value) { this.items.splice(at, 0, new Item(`${fragment([value])}\n`)); }

  copy(at, alias) {
    this.items.splice(at + 1, 0, new Item(this.items[at].text));
    const copied = this.items[at + 1];
    copied.set(['alias'], alias);
    if ('id' in copied.value) copied.set(['id'], `${copied.value.id}_2`);
  }

  remove(at) { this.items.splice(at, 1); }

  move(from, to) { this.items.splice(to, 0, ...this.items.splice(from, 1)); }
}

// Comments right above an automation belong to it. A list in brackets is written anew, one item below the other.
function cut(text, sequence) {
  if (sequence.flow) return { head: '', texts: sequence.toJSON().map((value) => `${fragment([value])}\n`) };
  const lines = text.split('\n');
  const column = lines.find((line) => /^ *-(\s|$)/.test(line)).indexOf('-');
  const begins = lines.flatMap((line, n) => (line.startsWith(`${' '.repeat(column)}-`) && /^\s|^$/.test(line.slice(column + 1)) ? [n] : []));
  if (begins.length !== sequence.items.length) return null;
  const starts = begins.map((begin) => {
    let start = begin;
    while (start > 0 && /^ *#/.test(lines[start - 1])) start -= 1;
    return start;
  });
  const piece = (from, to) => lines.slice(from, to).map((line) => `${line}\n`).join('');
  const texts = starts.map((start, n) => piece(start, starts[n + 1] ?? lines.length).replace(/\n+$/, '\n'));
  return { head: piece(0, starts[0]), texts };
}

export { isMap };
