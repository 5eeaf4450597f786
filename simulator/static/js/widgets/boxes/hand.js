// Moving what is seen of the picture: with two fingers always, with the mouse in the mode for it. One finger is left to the browser
// in that mode (it scrolls the picture, then the page) and draws in the other one.

const SLACK = 4; // screen pixels that a click may wander

const middleOf = ([one, other]) => ({
  x: (one.clientX + other.clientX) / 2, y: (one.clientY + other.clientY) / 2,
  apart: Math.max(1, Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY)),
});

export class Hand {
  /** canvas: zoomTo(scale, point), scale, moving, hold(), letGo(). */
  constructor(view, canvas) {
    Object.assign(this, { view, canvas, fingers: null, grip: null, followed: new WeakSet() });
    const touch = { capture: true, passive: false }; // the browser waits for what we say
    view.addEventListener('touchstart', (event) => this.#touched(event), touch);
    view.addEventListener('touchmove', (event) => this.#spread(event), touch);
    for (const name of ['touchend', 'touchcancel']) view.addEventListener(name, (event) => { if (!event.touches.length) this.#lifted(); }, true);
    for (const name of ['pointerdown', 'pointermove', 'pointerup']) view.addEventListener(name, (event) => this.#drag(event), true);
    view.addEventListener('pointercancel', () => { this.grip = null; }, true);
  }

  /** Whether two fingers are, or were a moment ago, on the picture: what they do then is no drawing. */
  get busy() {
    return this.fingers !== null;
  }

  #touched(event) {
    if (event.touches.length < 2 || !event.cancelable) return; // not cancelable: the browser scrolls already
    event.preventDefault();
    for (const { target } of event.touches) this.#follow(target);
    if (!this.fingers) this.canvas.hold();
    this.fingers = { ...middleOf(event.touches), scale: this.canvas.scale };
  }

  // A finger tells the element on which it came down, even when that is gone: the editor of a box goes as soon as two fingers are there.
  #follow(target) {
    if (this.followed.has(target)) return;
    this.followed.add(target);
    const gone = () => !this.view.contains(target);
    target.addEventListener('touchmove', (event) => { if (gone()) this.#spread(event); }, { passive: false });
    for (const name of ['touchend', 'touchcancel']) target.addEventListener(name, (event) => { if (gone() && !event.touches.length) this.#lifted(); });
  }

  #spread(event) {
    if (!this.fingers) return;
    if (event.cancelable) event.preventDefault();
    if (event.touches.length < 2) return;
    const now = middleOf(event.touches);
    const scale = this.fingers.scale * (now.apart / this.fingers.apart);
    this.canvas.zoomTo(scale, this.fingers);
    this.#scroll(this.fingers.x - now.x, this.fingers.y - now.y);
    this.fingers = { ...now, scale };
  }

  #lifted() {
    if (!this.fingers) return;
    this.fingers = null;
    this.canvas.letGo();
  }

  // What the picture cannot take moves the page, as the browser does it.
  #scroll(right, down) {
    const before = this.view.scrollTop;
    this.view.scrollBy(right, down);
    const rest = down - (this.view.scrollTop - before);
    if (Math.abs(rest) >= 1) scrollBy(0, rest);
  }

  #drag(event) {
    const { type, pointerType, clientX: x, clientY: y } = event;
    if (this.busy) { event.stopPropagation(); return; } // a second finger is no second corner
    if (!this.canvas.moving || pointerType === 'touch') return;
    if (type === 'pointerdown' && event.button === 0) this.grip = { x, y, far: false };
    if (!this.grip) return;
    if (type === 'pointermove') {
      if (!event.buttons) { this.grip = null; return; } // let go outside of the picture
      const far = this.grip.far || Math.hypot(x - this.grip.x, y - this.grip.y) > SLACK;
      if (!far) return;
      this.view.scrollBy(this.grip.x - x, this.grip.y - y);
      this.grip = { x, y, far };
    }
    if (type !== 'pointerup') return;
    if (this.grip.far) event.stopPropagation(); // no click on a box
    this.grip = null;
  }
}
