// The form of a decision, by keys: a digit says what, the next digit says why, and it is recorded.
// The form does the same without this file; nothing is decided here that it does not send.

import { say } from "./keys.js";

export class Deciding {
  constructor(form) {
    this.form = form;
    this.verdicts = [...form.querySelectorAll("[name=verdict]")];
    this.typed = form.querySelector("[name=reason]");
    this.button = form.querySelector("[type=submit]");
    this.sent = false;
    for (const radio of this.verdicts) radio.addEventListener("change", () => this.chosen(radio));
    form.addEventListener("submit", () => { this.sent = true; });
    this.typed?.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.typed.value = "";
      this.typed.blur();
      this.back();
    });
    this.mark();
  }

  get verdict() { return this.verdicts.find((radio) => radio.checked); }

  reasons() {
    const group = this.verdict && this.form.querySelector(`[data-for="${this.verdict.value}"] [data-reasons]`);
    return group ? [...group.querySelectorAll("input")] : [];
  }

  mark() { this.form.dataset.mode = this.verdict ? "reason" : "verdict"; }

  digit(number) {
    if (this.sent) return false;
    if (this.form.dataset.mode === "reason") return this.pick(number);
    const radio = this.verdicts[number - 1];
    if (!radio) return false;
    radio.checked = true;
    if ("direct" in radio.dataset) return this.record();
    this.chosen(radio);
    return true;
  }

  chosen(radio) {
    this.mark();
    if ("direct" in radio.dataset) return;
    const words = (input) => input.closest("label").querySelector("[data-words]").textContent.trim();
    const offered = this.reasons().map((input, at) => `${at + 1}, ${words(input)}`);
    say(`${words(radio)}. Why? ${offered.join("; ")}; W, another reason; Escape, back.`);
  }

  pick(number) {
    const radio = this.reasons()[number - 1];
    if (!radio) return false;
    radio.checked = true;
    this.record();
    return true;
  }

  write() {
    if (!this.typed) return false;
    this.typed.focus();
    return true;
  }

  // How a stretch is taken out; means nothing for the other verdicts.
  method(value) {
    if (this.verdict?.value !== "redact") return false;
    const radio = this.form.querySelector(`[name=method][value=${value}]`);
    radio.checked = true;
    say(radio.closest("label").textContent.trim());
    return true;
  }

  alike() {
    const box = this.form.querySelector("[name=alike]:not(:disabled)");
    const line = box?.closest("[data-alike]:not([hidden])");
    if (!line) return false;
    box.checked = !box.checked;
    say(`${line.querySelector("[data-words]").textContent.trim()}: ${box.checked ? "yes" : "no"}`);
    return true;
  }

  back() {
    if (!this.verdict) return false;
    this.verdict.checked = false;
    for (const radio of this.form.querySelectorAll("[data-reasons] input")) radio.checked = false;
    this.mark();
    say("Nothing chosen.");
    return true;
  }

  record() {
    if (this.sent || !this.verdict) return false;
    say("Recording the decision.");
    this.form.requestSubmit(this.button);
    return true;
  }
}
