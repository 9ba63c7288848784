// A waveform drawn over a plain <audio>, with regions for events and findings.
// Drawn here and not by a library: a strict content security policy forbids injected styles,
// and the regions have to be reachable by keyboard and screen reader (they are the table's buttons).

const BAR = 3;
const GAP = 1;
const PEAKS = 2000;
const SKIP_SECONDS = 2;
const ZOOM_MAX = 64;
const DECODE_LIMIT_BYTES = 25_000_000;

function clock(seconds) {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds - 60 * minutes).toFixed(2).padStart(5, "0")}`;
}

async function decodePeaks(url, count) {
  const head = await fetch(url, { method: "HEAD" });
  if (!head.ok || Number(head.headers.get("content-length")) > DECODE_LIMIT_BYTES) return [];
  const bytes = await (await fetch(url)).arrayBuffer();
  const buffer = await new OfflineAudioContext(1, 1, 22_050).decodeAudioData(bytes);
  const samples = buffer.getChannelData(0);
  const size = Math.max(1, Math.floor(samples.length / count));
  return Array.from({ length: Math.min(count, samples.length) }, (_, bin) => {
    let peak = 0;
    for (let at = bin * size; at < (bin + 1) * size; at += 1) peak = Math.max(peak, Math.abs(samples[at] ?? 0));
    return peak;
  });
}

class Player {
  constructor(root) {
    this.root = root;
    this.audio = root.querySelector("audio");
    this.canvas = root.querySelector("canvas");
    this.layer = root.querySelector(".player-regions");
    this.output = root.querySelector("output");
    this.toggle = root.querySelector("[data-play]");
    this.rows = [...root.querySelectorAll("[data-onset]")];
    this.duration = Number(root.dataset.duration);
    this.start = Number(root.dataset.start ?? 0);
    this.from = 0;
    this.zoom = 1;
    this.until = null;
    this.peaks = [];
    this.regions = this.rows.map((row) => this.addRegion(row));
    this.listen();
    root.querySelector(".player-stage").hidden = false;
    root.querySelector(".player-controls").hidden = false;
    this.audio.controls = false;
    this.audio.hidden = true;
    this.draw();
    this.loadPeaks();
  }

  async loadPeaks() {
    const { peaksUrl } = this.root.dataset;
    const wanted = peaksUrl ? fetch(peaksUrl).then((answer) => answer.json()) : decodePeaks(this.audio.src, PEAKS);
    this.peaks = await wanted.catch(() => []);
    this.draw();
  }

  addRegion(row) {
    const element = document.createElement("div");
    element.className = `player-region tone-${row.dataset.tone}`;
    const label = document.createElement("span");
    label.textContent = row.dataset.label;
    element.append(label);
    this.layer.append(element);
    const region = { row, element, onset: Number(row.dataset.onset) - this.start, offset: Number(row.dataset.offset) - this.start };
    row.querySelector("button").addEventListener("click", () => this.playSpan(region.onset, region.offset));
    return region;
  }

  listen() {
    this.toggle.addEventListener("click", () => this.playOrPause());
    for (const button of this.root.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => this.zoomBy(Number(button.dataset.zoom)));
    }
    this.root.querySelector("[data-rate]")?.addEventListener("change", (event) => { this.audio.playbackRate = Number(event.target.value); });
    this.canvas.addEventListener("pointerdown", (event) => {
      const box = this.canvas.getBoundingClientRect();
      this.seek(this.from + ((event.clientX - box.left) / box.width) * this.span());
    });
    this.canvas.addEventListener("keydown", (event) => this.onKey(event));
    this.audio.addEventListener("timeupdate", () => this.follow());
    for (const name of ["play", "pause", "ended", "seeked"]) this.audio.addEventListener(name, () => this.follow());
    this.audio.addEventListener("error", () => { this.output.textContent = "This audio could not be loaded. Reload the page."; });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    document.addEventListener("earmark:theme", () => this.draw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      " ": () => this.playOrPause(),
      k: () => this.playOrPause(),
      j: () => this.seek(this.audio.currentTime - SKIP_SECONDS),
      l: () => this.seek(this.audio.currentTime + SKIP_SECONDS),
      ArrowLeft: () => this.seek(this.audio.currentTime - (event.shiftKey ? 1 : 0.1)),
      ArrowRight: () => this.seek(this.audio.currentTime + (event.shiftKey ? 1 : 0.1)),
      Home: () => this.seek(0),
      End: () => this.seek(this.duration),
      "+": () => this.zoomBy(2),
      "-": () => this.zoomBy(0.5),
      n: () => this.playNextRegion(),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  span() { return this.duration / this.zoom; }

  playOrPause() {
    this.until = null;
    if (this.audio.paused) this.audio.play();
    else this.audio.pause();
  }

  playSpan(onset, offset) {
    this.seek(onset);
    this.until = offset;
    this.audio.play();
  }

  playNextRegion() {
    const next = this.regions.find((region) => region.onset > this.audio.currentTime + 0.01) ?? this.regions[0];
    if (next) this.playSpan(next.onset, next.offset);
  }

  seek(seconds) {
    this.until = null;
    this.audio.currentTime = Math.min(Math.max(seconds, 0), this.duration);
    this.follow();
  }

  zoomBy(factor) {
    this.zoom = Math.min(Math.max(this.zoom * factor, 1), ZOOM_MAX);
    this.centre(this.audio.currentTime);
    this.draw();
  }

  centre(seconds) {
    this.from = Math.min(Math.max(seconds - this.span() / 2, 0), this.duration - this.span());
  }

  follow() {
    const now = this.audio.currentTime;
    if (this.until !== null && now >= this.until) {
      this.until = null;
      this.audio.pause();
    }
    if (now < this.from || now > this.from + this.span()) this.centre(now);
    for (const region of this.regions) {
      const playing = now >= region.onset && now < region.offset;
      region.element.classList.toggle("is-playing", playing);
      region.row.classList.toggle("is-playing", playing);
    }
    this.toggle.setAttribute("aria-label", this.audio.paused ? "Play" : "Pause");
    this.toggle.classList.toggle("is-playing", !this.audio.paused);
    this.output.textContent = `${clock(this.start + now)} / ${clock(this.start + this.duration)}`;
    this.draw();
    if (!this.audio.paused) requestAnimationFrame(() => this.draw());
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width) return;
    const scale = devicePixelRatio || 1;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    const context = this.canvas.getContext("2d");
    context.scale(scale, scale);
    const style = getComputedStyle(this.root);
    const colours = { rest: style.getPropertyValue("--wave"), played: style.getPropertyValue("--wave-played") };
    this.drawBars(context, width, height, colours);
    this.placeRegions();
  }

  drawBars(context, width, height, colours) {
    const middle = height / 2;
    const head = ((this.audio.currentTime - this.from) / this.span()) * width;
    for (let x = 0; x < width; x += BAR + GAP) {
      const bar = Math.max(1, this.peakBetween(x / width, (x + BAR + GAP) / width) * (height - 36));
      context.fillStyle = x < head ? colours.played : colours.rest;
      context.fillRect(x, middle + 9 - bar / 2, BAR, bar);
    }
    context.fillStyle = colours.played;
    context.fillRect(Math.round(head), 0, 2, height);
  }

  peakBetween(left, right) {
    const count = this.peaks.length;
    const at = (share) => Math.floor(((this.from + share * this.span()) / this.duration) * count);
    let peak = 0;
    for (let bin = at(left); bin <= Math.max(at(left), at(right) - 1); bin += 1) peak = Math.max(peak, this.peaks[bin] ?? 0);
    return peak;
  }

  placeRegions() {
    for (const { element, onset, offset } of this.regions) {
      element.style.insetInlineStart = `${((onset - this.from) / this.span()) * 100}%`;
      element.style.inlineSize = `${((offset - onset) / this.span()) * 100}%`;
    }
  }
}

function enhance(root) {
  for (const element of root.querySelectorAll("[data-player]:not([data-ready])")) {
    element.dataset.ready = "";
    new Player(element);
  }
}

document.addEventListener("htmx:load", (event) => enhance(event.detail.elt.parentElement ?? event.detail.elt));
enhance(document);
