// The audio field: what upload.js takes in can be heard and seen at once, from the file itself, long before a grader hears it.
import { textsOf } from '../texts.js';
import { headerOf } from './audio/header.js';

const WIDTH = 480;
const MIDDLE = 32;

/** Heights of the wave in WIDTH parts, 0 to 1. */
function peaksOf(buffer) {
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, n) => buffer.getChannelData(n));
  const step = Math.max(1, buffer.length / WIDTH);
  return Array.from({ length: WIDTH }, (_, x) => {
    let peak = 0;
    for (const data of channels) {
      for (let i = Math.floor(x * step); i < Math.min(data.length, (x + 1) * step); i += 1) peak = Math.max(peak, Math.abs(data[i]));
    }
    return peak;
  });
}

class Clip {
  constructor(root) {
    const part = (name) => root.querySelector(`[data-audio-${name}]`);
    this.field = root.querySelector('[data-field]');
    this.value = root.querySelector('[data-upload-value]');
    this.picker = root.querySelector('input[type=file]');
    Object.assign(this, { panel: part('panel'), player: part('player'), wave: part('wave'), path: part('path'), played: part('played'), facts: part('facts') });
    this.say = textsOf(root);
    // upload.js keeps the picker's own event to itself, so it is met on its way down
    root.addEventListener('change', (event) => { if (event.target === this.picker) this.take(this.picker.files[0]); }, true);
    root.addEventListener('drop', (event) => this.take(event.dataTransfer.files[0]));
    this.value.addEventListener('change', () => this.follow());
    this.field.addEventListener('field:filled', () => { this.file = null; this.follow(); });
    const error = root.querySelector('[data-upload-error]'); // refused: what the field still holds is shown again
    new MutationObserver(() => { if (!error.hidden) { this.shown = null; this.follow(true); } }).observe(error, { attributes: true, attributeFilter: ['hidden'] });
    this.player.addEventListener('timeupdate', () => this.mark());
    this.wave.addEventListener('click', (event) => this.seek(event));
    this.follow();
    this.take(this.picker.files[0]); // chosen before this script was there
  }

  /** Show a file that was just chosen, if it is one that may be sent. */
  take(file) {
    if (!file || !/\.(wav|flac)$/i.test(file.name) || file.size > Number(this.field.dataset.maxMb) * 1048576) return;
    this.file = file;
    this.play(file);
  }

  /** Show what the field holds: the file of this page, or the one that the server keeps. refused: the chosen file is not it. */
  follow(refused = false) {
    const value = this.value.value ? JSON.parse(this.value.value) : null;
    if (value && !refused && this.file?.name === value.name && this.file.size === value.size) {
      if (this.shown !== this.file) this.play(this.file);
      return;
    }
    const { downloadUrl } = this.field.dataset;
    if (value && downloadUrl) this.show(downloadUrl, fetch(downloadUrl).then((answer) => (answer.ok ? answer.arrayBuffer() : Promise.reject(answer))));
    else if (!value || refused || this.file) this.hide();
  }

  play(file) {
    this.shown = file;
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(file);
    this.show(this.url, file.arrayBuffer());
  }

  hide() {
    this.player.pause();
    this.player.removeAttribute('src');
    this.panel.hidden = true;
  }

  async show(source, reading) {
    this.panel.hidden = false;
    this.player.src = source;
    this.path.setAttribute('d', '');
    this.played.setAttribute('width', 0);
    this.facts.textContent = '';
    const turn = Symbol('turn');
    this.turn = turn;
    try {
      const bytes = await reading;
      const header = headerOf(bytes);
      const buffer = await new OfflineAudioContext(1, 1, 44100).decodeAudioData(bytes);
      if (this.turn === turn) this.paint(buffer, header); // not if another was chosen meanwhile
    } catch {
      if (this.turn === turn) this.facts.textContent = this.say('unreadable');
    }
  }

  paint(buffer, header) {
    const peaks = peaksOf(buffer);
    this.path.setAttribute('d', peaks.map((peak, x) => `M${x + 0.5} ${MIDDLE - 30 * peak - 0.5}V${MIDDLE + 30 * peak + 0.5}`).join(''));
    const { rate, channels } = header ?? { rate: buffer.sampleRate, channels: buffer.numberOfChannels };
    const told = [this.say('facts', {
      seconds: buffer.duration.toFixed(2), rate, channels: channels === 1 ? this.say('mono') : this.say('stereo', { n: channels }),
    })];
    const rates = this.say('rates').split(',').filter(Boolean).map(Number);
    const longest = Number(this.say('maxSeconds'));
    if (rates.length && !rates.includes(rate)) told.push(this.say('oddRate'));
    if (buffer.duration > longest) told.push(this.say('tooLong', { max: longest }));
    if (Math.max(...peaks) < 0.001) told.push(this.say('silent'));
    this.facts.textContent = told.join(' ');
    this.facts.classList.toggle('wrong', told.length > 1);
  }

  mark() {
    const { currentTime, duration } = this.player;
    this.played.setAttribute('width', duration ? (WIDTH * currentTime) / duration : 0);
  }

  seek(event) {
    const box = this.wave.getBoundingClientRect();
    if (Number.isFinite(this.player.duration)) this.player.currentTime = (this.player.duration * (event.clientX - box.left)) / box.width;
  }
}

/** Bring every audio field of the page to life. */
export function start() {
  for (const root of document.querySelectorAll('[data-widget=audio]')) new Clip(root);
}
