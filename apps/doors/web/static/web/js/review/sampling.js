// A clip of the sample: heard from end to end, window by window, and said of it what was heard.

import { Deciding } from "./deciding.js";
import { listen, remember, remembered, say } from "./keys.js";
import { Stage } from "./stage.js";

const SKIP_SECONDS = 2;
const root = document.querySelector("[data-sampling]");
const windows = JSON.parse(document.querySelector("#windows").textContent);
const stage = new Stage(root.querySelector("[data-stage]"));
const form = root.querySelector("[data-decide]");
const deciding = form ? new Deciding(form) : null;
const byItself = root.querySelector("[data-by-itself]");
let at = 0;

function hear(number) {
  const window = windows[number];
  if (!window) return false;
  at = number;
  stage.show(window, byItself.checked ? { from: window.start, to: window.end } : {});
  if (windows[number + 1]) stage.ahead(windows[number + 1]);
  return true;
}

// A clip longer than a window goes on by itself: a sample is heard to its end.
stage.audio.addEventListener("ended", () => {
  if (!hear(at + 1)) say("That was all of it. 1, nobody; 2, somebody.");
});

const digits = Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => [digit, () => deciding?.digit(digit) ?? false]));
listen(root, {
  ...digits,
  " ": () => stage.playOrPause(),
  k: () => stage.playOrPause(),
  j: () => stage.nudge(-SKIP_SECONDS),
  l: () => stage.nudge(SKIP_SECONDS),
  r: () => hear(0),
  s: () => stage.nextSpeed(),
  "[": () => hear(at - 1),
  "]": () => hear(at + 1),
  escape: () => deciding?.back() ?? false,
  enter: () => deciding?.record() ?? false,
  w: () => deciding?.write() ?? false,
});
byItself.checked = remembered("earmark-by-itself", "on") === "on";
byItself.addEventListener("change", () => remember("earmark-by-itself", byItself.checked ? "on" : "off"));
hear(0);
say(root.dataset.say);
