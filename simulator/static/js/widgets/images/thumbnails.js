// Small pictures by their blob: of files chosen here at once, of stored ones from the candidate's own upload address.
// A stored one is asked for by the beginning of its hash: its number in the saved draft may be another one than here.

const RETRY_MS = [0, 3000, 8000];

export class Thumbnails {
  /** url: of the field's uploads; onNew(): a picture has become known. */
  constructor(url, onNew) {
    Object.assign(this, { url, onNew, known: new Map(), asked: new Set() });
  }

  /** The address of a picture, '' while it is not known. */
  of(blob) {
    return this.known.get(blob) ?? '';
  }

  /** Remember the file that was sent as `blob`. */
  keep(blob, file) {
    if (!this.known.has(blob)) this.known.set(blob, URL.createObjectURL(file));
  }

  /** Fetch the pictures of `items` that are not known yet. */
  fetchMissing(items) {
    for (const { blob } of items) {
      if (this.known.has(blob) || this.asked.has(blob)) continue;
      this.asked.add(blob);
      this.#fetch(blob);
    }
  }

  async #fetch(blob) {
    for (const pause of RETRY_MS) { // a restored draft may not have been saved yet
      await new Promise((resolve) => { setTimeout(resolve, pause); });
      const file = await this.#load(blob);
      if (file) {
        this.keep(blob, file);
        this.onNew();
        return;
      }
    }
    this.asked.delete(blob);
  }

  async #load(blob) {
    try {
      const answer = await fetch(`${this.url}?v=${blob.slice(0, 12)}`, { cache: 'no-store', credentials: 'same-origin' });
      return answer.ok && !answer.redirected ? await answer.blob() : null;
    } catch {
      return null; // without network there is only the name
    }
  }
}
