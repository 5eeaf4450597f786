// Answers that the server has not confirmed yet, kept in localStorage so that a crash, a dead network or a closed tab loses nothing.
//
// One entry for each task: draft|<user>|<attempt>|<position>. User and attempt are in the key, so two candidates who
// use the same PC never see each other's text. An entry is
//   {rev, response, sent, at, label, url, page, tab}
//   rev       revision that the response is based on
//   response  the latest content of the fields
//   sent      {rev, response} of a save whose answer has not been seen, or null: it may have arrived (see draft.js)
//   at        ISO time of the last change; only shown to people, never used to decide
//   tab       the tab that wrote it: another tab must not remove it
// An entry is removed as soon as the server has confirmed exactly its content.

const PREFIX = 'draft|';
const KEEP_DAYS = 7;
const DAY_MS = 86400000;

/** The unconfirmed answers of one user in one attempt. */
export class Outbox {
  constructor(user, attempt, storage = localStorageOrNull()) {
    this.prefix = `${PREFIX}${encodeURIComponent(user)}|${attempt}|`;
    this.storage = storage;
    this.tab = Math.random().toString(36).slice(2);
  }

  /** Keep `entry` for the task at `position`. Returns false if the browser could not store it. */
  put(position, entry) {
    try {
      this.storage.setItem(this.prefix + position, JSON.stringify({ ...entry, tab: this.tab }));
      return true;
    } catch {
      return false; // full, or storage switched off: the status line says so and leaving the page warns
    }
  }

  /** The entry of `position`, or null. */
  get(position) {
    return this.storage ? read(this.storage, this.prefix + position) : null;
  }

  /** Make the entry of `position` ours, so that we may remove it once it is confirmed. */
  adopt(position) {
    const entry = this.get(position);
    if (entry) this.put(position, entry);
  }

  /** Forget the entry of `position`, unless another tab has written it since. */
  remove(position) {
    const entry = this.get(position);
    if (entry && entry.tab === this.tab) this.storage.removeItem(this.prefix + position);
  }

  /** Forget the entry of `position`, whoever wrote it. */
  discard(position) {
    this.storage?.removeItem(this.prefix + position);
  }

  /** All entries of this attempt as [{position, …entry}], in order of position. */
  all() {
    return keys(this.storage).filter((key) => key.startsWith(this.prefix))
      .map((key) => ({ ...read(this.storage, key), position: Number(key.slice(this.prefix.length)) }))
      .filter((entry) => entry.response)
      .sort((one, other) => one.position - other.position);
  }
}

function localStorageOrNull() {
  try {
    return window.localStorage; // throws where cookies and storage are blocked
  } catch {
    return null;
  }
}

function keys(storage) {
  return storage ? Array.from({ length: storage.length }, (_, index) => storage.key(index)) : [];
}

function read(storage, key) {
  try {
    return JSON.parse(storage.getItem(key));
  } catch {
    return null; // not ours or cut off by a crash while writing
  }
}

/** Remove every user's entries that are older than a week: on a shared PC nobody will come back for them. */
export function tidy(now = Date.now()) {
  const storage = localStorageOrNull();
  for (const key of keys(storage).filter((name) => name?.startsWith(PREFIX))) {
    const entry = read(storage, key);
    if (!entry || now - Date.parse(entry.at) > KEEP_DAYS * DAY_MS) storage.removeItem(key);
  }
}
