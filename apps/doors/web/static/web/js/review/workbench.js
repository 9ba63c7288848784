// One case by keyboard: hear the suspicious windows first, decide, and be led to the next.

import { Deciding } from "./deciding.js";
import { listen, remember, remembered, say } from "./keys.js";
import { Stage } from "./stage.js";
import { Timing } from "./timing.js";

const SKIP_SECONDS = 2;
const root = document.querySelector("[data-workbench]");
const windows = JSON.parse(document.querySelector("#windows").textContent);
const rows = [...root.querySelectorAll("[data-finding]")];
const stage = new Stage(root.querySelector("[data-stage]"));
const form = root.querySelector("[data-decide]");
const deciding = form ? new Deciding(form) : null;
const timing = new Timing(document.querySelector("[data-timing]"));
const byItself = root.querySelector("[data-by-itself]");
let current = rows.findIndex((row) => row.querySelector("input")?.checked);

function region(row, at) {
  const { onset, offset, label, open } = row.dataset;
  return { onset: Number(onset), offset: Number(offset), label, open: open === "yes", current: at === current };
}

function drawRegions() {
  stage.setRegions(rows.map(region).filter((one) => !Number.isNaN(one.onset)));
}

function select(at, { play }) {
  const row = rows[at];
  if (!row) return false;
  if (current !== at) stage.take = "";
  current = at;
  rows.forEach((one, number) => one.classList.toggle("is-current", number === at));
  const radio = row.querySelector("input");
  if (radio) radio.checked = true;
  showAlike(row);
  drawRegions();
  const window = windows[Number(row.dataset.window)];
  if (!window) return true;
  const span = play ? { from: Number(row.dataset.onset), to: Number(row.dataset.offset) } : {};
  stage.show(window, span).then(() => stage.ahead(windows[Number(row.dataset.window) + 1] ?? window));
  return true;
}

// The box "and the others alike" speaks of what is alike to the finding that is chosen.
function showAlike(row) {
  const line = form?.querySelector("[data-alike]");
  if (!line) return;
  const others = Number(row.dataset.alike ?? 0);
  line.hidden = others === 0;
  line.querySelector("input").disabled = others === 0;
  if (others === 0) line.querySelector("input").checked = false;
  line.querySelector("[data-words]").textContent = `The ${others === 1 ? "other" : `${others} others`} of this kind in this clip too`;
}

function step(way) {
  const open = (at) => rows[at].dataset.open === "yes" || !rows.some((row) => row.dataset.open === "yes");
  for (let at = current + way; at >= 0 && at < rows.length; at += way) {
    if (open(at)) {
      select(at, { play: true });
      say(rows[at].dataset.words);
      return true;
    }
  }
  return follow(way > 0 ? "next" : "previous");
}

function follow(name) {
  const link = document.querySelector(`[data-go="${name}"]`);
  if (!link) {
    say(name === "next" ? "This is the last case." : "This is the first case.");
    return true;
  }
  link.click();
  return true;
}

function press(name) {
  const target = document.querySelector(`[data-act="${name}"]`);
  if (!target) return false;
  if (target.matches("textarea, input")) {
    target.closest("details")?.setAttribute("open", "");
    target.focus();
  } else target.click();
  return true;
}

function replay() {
  const { onset, offset } = rows[current]?.dataset ?? {};
  if (onset === undefined || onset === "") stage.play();
  else select(current, { play: true });
}

function hear(take, row) {
  current = rows.indexOf(row);
  stage.take = take;
  select(current, { play: true });
  say(take ? "Before the redaction." : "After the redaction.");
  for (const button of row.querySelectorAll("[data-take]")) button.setAttribute("aria-pressed", String(button.dataset.take === take));
}

// The page on which everything like this finding is decided at once.
function batch() {
  const link = rows[current]?.querySelector("[data-batch]");
  link?.click();
  return Boolean(link);
}

// Before and after a redaction, by turns.
function compare() {
  const row = rows[current];
  const buttons = [...(row?.querySelectorAll("[data-take]") ?? [])];
  const other = buttons.find((button) => button.dataset.take !== stage.take);
  if (!other) return false;
  hear(other.dataset.take, row);
  return true;
}

const digits = Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => [digit, () => deciding?.digit(digit) ?? false]));
listen(root, {
  ...digits,
  " ": () => stage.playOrPause(),
  k: () => stage.playOrPause(),
  j: () => stage.nudge(-SKIP_SECONDS),
  l: () => stage.nudge(SKIP_SECONDS),
  r: () => replay(),
  s: () => stage.nextSpeed(),
  "[": () => stage.shift(-1),
  "]": () => stage.shift(1),
  n: () => step(1),
  p: () => step(-1),
  "shift+n": () => follow("next"),
  "shift+p": () => follow("previous"),
  escape: () => deciding?.back() ?? false,
  enter: () => deciding?.record() ?? false,
  w: () => deciding?.write() ?? false,
  m: () => deciding?.method("mute") ?? false,
  b: () => deciding?.method("bleep") || batch(),
  x: () => deciding?.method("noise") ?? false,
  a: () => deciding?.alike() ?? false,
  u: () => press("undo"),
  c: () => press("comment"),
  h: () => press("count"),
  o: () => press("point"),
  i: () => press("take"),
  d: () => compare(),
  q: () => follow("queue"),
});

rows.forEach((row, at) => {
  row.querySelector("input")?.addEventListener("change", () => select(at, { play: true }));
  row.querySelector("[data-hear]")?.addEventListener("click", () => select(at, { play: true }));
  for (const button of row.querySelectorAll("[data-take]")) button.addEventListener("click", () => hear(button.dataset.take, row));
});
byItself.checked = remembered("earmark-by-itself", "on") === "on";
byItself.addEventListener("change", () => remember("earmark-by-itself", byItself.checked ? "on" : "off"));
// The beacon sends the time; the form must not send it a second time.
form?.addEventListener("submit", () => timing.send());

if (rows.length && current < 0) current = 0;
if (!select(current, { play: byItself.checked }) && windows.length) stage.show(windows[0]);
else if (!windows[Number(rows[current].dataset.window)]) stage.show(windows[0] ?? { start: 0, end: Math.min(stage.duration, stage.longest) });
say([root.dataset.say, rows[current]?.dataset.words].filter(Boolean).join(" "));
