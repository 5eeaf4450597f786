// One output stream of a trial's panel. It comes in two parts: `settled` text is appended and stays, `open` text (the last
// lines, where progress bars redraw themselves) is replaced. What a program printed is only ever set as text.

const KEPT_CHARS = 60000; // of one stream on the page

/** One output stream of a panel. */
export class Stream {
  constructor(box) {
    this.box = box;
    this.name = box.dataset.stream;
    this.keep = Number(box.dataset.keep);
    this.area = box.querySelector('pre');
    this.settled = box.querySelector('[data-settled]');
    this.open = box.querySelector('[data-open]');
    this.area.scrollTop = this.area.scrollHeight;
  }

  show({ begin, keep, cut, settled, open }, live) {
    const atEnd = this.area.scrollHeight - this.area.scrollTop - this.area.clientHeight < 24;
    if (begin !== this.keep) this.settled.textContent = settled; // some of it went by unseen, or the run began anew
    else if (settled) this.settled.append(settled);
    this.settled.normalize();
    const kept = this.settled.firstChild;
    const excess = (kept?.length ?? 0) - KEPT_CHARS;
    if (excess > 0) kept.deleteData(0, kept.data.indexOf('\n', excess) + 1 || excess);
    this.open.textContent = open;
    this.keep = keep;
    this.box.hidden = !kept && !open && !(live && this.name === 'stdout');
    this.box.querySelector('[data-cut]').hidden = !cut;
    if (atEnd) this.area.scrollTop = this.area.scrollHeight; // who has scrolled up is reading
  }
}
