// Evidence that moves: an element with data-evidence="name" is given to `start(element)` of evidence/name.js, once, wherever it
// appears: in a page, in a trial's panel, in a score sheet that was fetched again.
const known = new WeakSet();

/** Bring all evidence below `root` to life. */
export async function enliven(root) {
  for (const element of root.querySelectorAll('[data-evidence]')) {
    if (known.has(element)) continue;
    known.add(element);
    (await import(`./evidence/${element.dataset.evidence}.js`)).start(element);
  }
}
