// Short windows of a clip, each fetched once: what is played and what is drawn are the same bytes.

const PEAKS = 1200;
const KEPT = 12;

function peaksOf(samples) {
  const size = Math.max(1, Math.ceil(samples.length / PEAKS));
  const peaks = [];
  for (let at = 0; at < samples.length; at += size) {
    let peak = 0;
    for (let one = at; one < Math.min(at + size, samples.length); one += 1) peak = Math.max(peak, Math.abs(samples[one]));
    peaks.push(peak);
  }
  const loudest = Math.max(...peaks, 0.02);
  return peaks.map((peak) => peak / loudest);
}

async function load(url, { ahead }) {
  const answer = await fetch(ahead ? `${url}&ahead=1` : url);
  if (!answer.ok) throw new Error(`${answer.status}`);
  const bytes = await answer.arrayBuffer();
  const playable = URL.createObjectURL(new Blob([bytes], { type: "audio/wav" }));
  const decoded = await new OfflineAudioContext(1, 1, 24_000).decodeAudioData(bytes);
  return { ahead, playable, peaks: peaksOf(decoded.getChannelData(0)), length: decoded.duration };
}

export class Sounds {
  constructor() { this.kept = new Map(); }

  // The promise of a window's sound; asked for again, the same one. What was fetched ahead counts as
  // played only when it is shown.
  async show(url) {
    const sound = await this.get(url);
    if (!sound.ahead) return sound;
    const answer = await fetch(`${url}&shown=1`);
    if (answer.ok) {
      sound.ahead = false;
      return sound;
    }
    this.kept.delete(url);
    return this.get(url);
  }

  get(url, { ahead = false } = {}) {
    if (!this.kept.has(url)) {
      const wanted = load(url, { ahead });
      wanted.catch(() => this.kept.delete(url));
      this.kept.set(url, wanted);
      this.dropOldest();
    }
    return this.kept.get(url);
  }

  dropOldest() {
    if (this.kept.size <= KEPT) return;
    const [url, oldest] = this.kept.entries().next().value;
    this.kept.delete(url);
    oldest.then((sound) => URL.revokeObjectURL(sound.playable), () => {});
  }
}
