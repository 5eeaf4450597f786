// A trial as a conversation: each turn plays the whole conversation again, with the flow as it is saved now. While it plays,
// what was said stays on the page; a turn that was refused comes back into its box.
import { announce, textsOf } from './texts.js';

const MAX_TURNS = 20;

class Chat {
  constructor(run) {
    const { section } = run;
    Object.assign(this, { run, section, say: textsOf(section), turns: JSON.parse(section.dataset.turns), live: Boolean(run.panel?.live) });
    this.clear = section.querySelector('[data-clear-chat]');
    for (const name of ['before', 'turn', 'replay']) this[name] = section.querySelector(`[data-${name}]`);
    this.turn.addEventListener('keydown', (event) => this.#key(event));
    this.turn.addEventListener('input', (event) => event.stopPropagation()); // no part of the answer: nothing to save
    this.clear.addEventListener('click', () => this.#clear());
    this.replay.addEventListener('click', () => this.#play(this.turns));
    this.follow(this.live);
  }

  #key(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    this.send();
  }

  /** Say what stands in the box. */
  async send() {
    const words = this.turn.value.trim();
    if (!words) { this.run.say(this.say('empty')); this.turn.focus(); return; }
    if (this.turns.length >= MAX_TURNS) { this.run.say(this.say('full', { n: MAX_TURNS })); return; }
    this.turn.value = '';
    if (!await this.#play([...this.turns, words])) this.turn.value = words;
    this.turn.focus();
  }

  async #play(turns) {
    const past = this.section.querySelector('[data-conversations] .talk__turns')?.cloneNode(true);
    const accepted = await this.run.run(turns);
    if (!accepted) return false;
    this.waiting = { past: turns.length > this.turns.length ? past : null, fresh: turns.slice(past && turns.length > this.turns.length ? this.turns.length : 0) };
    this.turns = turns;
    this.follow(Boolean(this.run.panel?.live));
    return true;
  }

  /** The run has started or ended: show the turns that wait for an answer, or take them away. */
  follow(live) {
    const answered = this.section.querySelector('[data-conversations]');
    const ended = this.live && !live;
    this.live = live;
    this.clear.hidden = live || !this.turns.length;
    this.replay.hidden = live || !this.turns.length;
    if (answered) this.before.replaceChildren();
    else if (this.turns.length) this.#wait();
    if (ended && answered) {
      announce(this.say('answered', { text: [...answered.querySelectorAll('.bubble--agent')].at(-1)?.textContent ?? '' }));
      [...answered.querySelectorAll('.turn')].at(-1)?.scrollIntoView({ block: 'nearest' });
    }
  }

  #wait() {
    const { past = null, fresh = this.turns } = this.waiting ?? {};
    const list = past?.cloneNode(true) ?? Object.assign(document.createElement('ol'), { className: 'talk__turns' });
    for (const words of fresh) {
      const item = Object.assign(document.createElement('li'), { className: 'turn' });
      const bubble = Object.assign(document.createElement('p'), { className: 'bubble bubble--user', textContent: words });
      item.append(bubble);
      list.append(item);
    }
    this.before.replaceChildren(list);
  }

  async #clear() {
    this.turns = [];
    this.waiting = null;
    await this.run.clear();
    this.before.replaceChildren();
    this.follow(false);
    this.turn.focus();
    announce(this.say('cleared'));
  }
}

/** Make the given runs conversations. */
export function start(runs) {
  for (const run of runs) run.chat = new Chat(run);
}
