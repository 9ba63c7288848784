// The time a person gave to a clip: only while the page is in sight and something was done lately.

const IDLE_MILLISECONDS = 45_000;
const STEP_MILLISECONDS = 250;

export class Timing {
  constructor(form) {
    this.form = form;
    this.seconds = 0;
    this.sent = 0;
    this.lately = performance.now();
    for (const name of ["keydown", "pointerdown", "pointermove", "scroll"]) {
      addEventListener(name, () => { this.lately = performance.now(); }, { passive: true });
    }
    setInterval(() => this.step(), STEP_MILLISECONDS);
    // The last moment a page can speak: a beacon outlives it.
    addEventListener("pagehide", () => this.send());
  }

  step() {
    const listening = [...document.querySelectorAll("audio")].some((audio) => !audio.paused);
    const here = document.visibilityState === "visible";
    if (here && (listening || performance.now() - this.lately < IDLE_MILLISECONDS)) this.seconds += STEP_MILLISECONDS / 1000;
  }

  send() {
    const fresh = this.seconds - this.sent;
    if (!this.form || fresh < 0.5) return;
    this.sent = this.seconds;
    const data = new FormData(this.form);
    data.set("seconds", fresh.toFixed(1));
    navigator.sendBeacon(this.form.action, data);
  }
}
