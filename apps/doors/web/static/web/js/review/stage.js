// Waveform and spectrogram of one window of a clip, over the same time, with the findings drawn on both.

import { clock, remember, remembered } from "./keys.js";
import { Sounds } from "./sound.js";

const BAR = 2;
const GAP = 1;
// Seconds heard before and after a finding when it is played.
const LEAD = 0.35;
const SPEEDS = [1, 1.5, 2, 0.75];

function canvasContext(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = devicePixelRatio || 1;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  return { context, width, height };
}

export class Stage {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(`[data-${name}]`);
    this.audio = this.find("audio");
    this.duration = Number(root.dataset.duration);
    this.longest = Number(root.dataset.longest);
    this.take = "";
    this.sounds = new Sounds();
    this.window = null;
    this.peaks = [];
    this.outline = [];
    this.regions = [];
    this.until = null;
    this.wanted = 0;
    this.audio.playbackRate = this.audio.defaultPlaybackRate = Number(remembered("earmark-speed", "1"));
    this.listen();
    root.hidden = false;
    this.showSpeed();
    this.loadOutline();
  }

  listen() {
    this.find("play").addEventListener("click", () => this.playOrPause());
    this.find("speed").addEventListener("click", () => this.nextSpeed());
    this.find("earlier").addEventListener("click", () => this.shift(-1));
    this.find("later").addEventListener("click", () => this.shift(1));
    this.find("body").addEventListener("pointerdown", (event) => {
      const box = this.find("body").getBoundingClientRect();
      if (this.window) this.seek(this.window.start + ((event.clientX - box.left) / box.width) * this.span());
    });
    for (const name of ["play", "pause", "ended", "seeked", "timeupdate"]) this.audio.addEventListener(name, () => this.follow());
    new ResizeObserver(() => this.draw()).observe(this.find("body"));
    document.addEventListener("earmark:theme", () => this.draw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  address(name, { start, end }) {
    const query = new URLSearchParams({ start: start.toFixed(3), end: end.toFixed(3) });
    if (this.take) query.set("take", this.take);
    return `${this.root.dataset[name]}?${query}`;
  }

  span() { return this.window.end - this.window.start; }

  now() { return this.window ? this.window.start + this.audio.currentTime : 0; }

  async loadOutline() {
    const { outlineUrl } = this.root.dataset;
    if (!outlineUrl) return;
    this.outline = await fetch(outlineUrl).then((answer) => (answer.ok ? answer.json() : [])).catch(() => []);
    this.draw();
  }

  // Opens a window, and plays `from` to `to` of it when they are given.
  async show(window, { from = null, to = null } = {}) {
    const turn = this.wanted += 1;
    const url = this.address("soundUrl", window);
    if (this.audio.dataset.from !== url) {
      this.audio.pause();
      this.window = window;
      this.peaks = [];
      this.find("picture").src = this.address("pictureUrl", window);
      this.draw();
      try {
        const sound = await this.sounds.show(url);
        if (turn !== this.wanted) return;
        this.peaks = sound.peaks;
        this.audio.src = sound.playable;
        this.audio.dataset.from = url;
      } catch {
        this.find("time").textContent = "This sound could not be loaded. Reload the page.";
        return;
      }
    }
    this.draw();
    if (from !== null) this.playSpan(from, to);
  }

  again() {
    delete this.audio.dataset.from;
    return this.show(this.window, { from: this.window.start, to: this.window.end });
  }

  ahead(window) { this.sounds.get(this.address("soundUrl", window), { ahead: true }).catch(() => {}); }

  playSpan(from, to) {
    this.seek(Math.max(this.window.start, from - LEAD));
    this.until = to + LEAD < this.window.end ? to + LEAD : null;
    // A browser may want a key pressed before it plays anything: the page says which.
    return this.audio.play().catch(() => { this.find("time").textContent = "Press Space to hear it."; });
  }

  playOrPause() {
    this.until = null;
    if (!this.audio.paused) this.audio.pause();
    else this.play();
  }

  play() {
    if (this.audio.ended || this.audio.currentTime >= this.audio.duration - 0.01) this.audio.currentTime = 0;
    this.audio.play().catch(() => {});
  }

  seek(seconds) {
    if (!this.window) return;
    this.until = null;
    this.audio.currentTime = Math.min(Math.max(seconds - this.window.start, 0), this.span());
    this.follow();
  }

  nudge(seconds) { this.seek(this.now() + seconds); }

  // The same length of sound before or after what is shown: the rest of a clip, window by window.
  shift(way) {
    if (!this.window) return false;
    const length = Math.min(Math.max(this.span(), 4), this.longest);
    const start = Math.min(Math.max(this.window.start + way * length * 0.8, 0), Math.max(0, this.duration - length));
    const window = { start, end: Math.min(start + length, this.duration) };
    if (Math.abs(window.start - this.window.start) < 0.01 && window.end <= this.window.end) return false;
    this.show(window, { from: window.start, to: window.end });
    return true;
  }

  nextSpeed() {
    const next = SPEEDS[(SPEEDS.indexOf(this.audio.defaultPlaybackRate) + 1) % SPEEDS.length];
    this.audio.playbackRate = this.audio.defaultPlaybackRate = next;
    remember("earmark-speed", String(next));
    this.showSpeed();
  }

  showSpeed() { this.find("speed").textContent = `${this.audio.defaultPlaybackRate}×`; }

  follow() {
    if (!this.window) return;
    const playing = !this.audio.paused;
    if (this.until !== null && this.now() >= this.until) {
      this.until = null;
      this.audio.pause();
    }
    this.find("play").setAttribute("aria-label", playing ? "Pause" : "Play");
    this.find("play").classList.toggle("is-playing", playing);
    this.find("time").textContent = `${clock(this.now())} of ${clock(this.duration)}`;
    this.placeHead();
    if (playing) requestAnimationFrame(() => this.follow());
  }

  placeHead() {
    this.find("head").style.insetInlineStart = `${(100 * (this.now() - this.window.start)) / this.span()}%`;
  }

  setRegions(regions) {
    this.regions = regions;
    this.draw();
  }

  draw() {
    if (!this.window) return;
    const style = getComputedStyle(this.root);
    const colour = style.getPropertyValue("--wave-played");
    this.drawWave(colour);
    this.drawOverview(style);
    this.placeRegions();
    this.placeHead();
  }

  drawWave(colour) {
    const { context, width, height } = canvasContext(this.find("wave"));
    context.fillStyle = colour;
    for (let x = 0; x < width; x += BAR + GAP) {
      const first = Math.floor((x / width) * this.peaks.length);
      const last = Math.max(first + 1, Math.floor(((x + BAR + GAP) / width) * this.peaks.length));
      const peak = Math.max(0, ...this.peaks.slice(first, last));
      const bar = Math.max(1, peak * (height - 8));
      context.fillRect(x, (height - bar) / 2, BAR, bar);
    }
  }

  // The whole clip in one line, with the part that is shown: an outline tells nothing that was said.
  drawOverview(style) {
    const { context, width, height } = canvasContext(this.find("overview"));
    const at = (seconds) => (seconds / this.duration) * width;
    context.fillStyle = style.getPropertyValue("--wave");
    this.outline.forEach((peak, bin) => {
      const bar = Math.max(1, peak * (height - 4));
      context.fillRect((bin / this.outline.length) * width, (height - bar) / 2, Math.max(1, width / this.outline.length), bar);
    });
    for (const region of this.regions) {
      context.fillStyle = region.open ? style.getPropertyValue("--mark-open") : style.getPropertyValue("--mark-done");
      context.fillRect(at(region.onset), 0, Math.max(2, at(region.offset) - at(region.onset)), 3);
    }
    context.strokeStyle = style.getPropertyValue("--wave-played");
    context.lineWidth = 2;
    context.strokeRect(at(this.window.start) + 1, 1, Math.max(4, at(this.window.end) - at(this.window.start)) - 2, height - 2);
  }

  placeRegions() {
    const shown = this.regions.filter((region) => region.offset > this.window.start && region.onset < this.window.end);
    this.find("regions").replaceChildren(...shown.map((region) => this.regionElement(region)));
  }

  regionElement(region) {
    const element = document.createElement("div");
    element.className = `player-region tone-${region.open ? "bad" : "info"}${region.current ? " is-playing" : ""}`;
    const label = document.createElement("span");
    label.textContent = region.label;
    element.append(label);
    const share = (seconds) => (100 * (seconds - this.window.start)) / this.span();
    const from = Math.max(0, share(region.onset));
    element.style.insetInlineStart = `${from}%`;
    element.style.inlineSize = `${Math.min(100, share(region.offset)) - from}%`;
    return element;
  }
}
