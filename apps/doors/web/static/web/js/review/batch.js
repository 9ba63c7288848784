// Hear any of the findings that are decided together, without leaving the page.

import { Deciding } from "./deciding.js";
import { listen, say } from "./keys.js";

const audio = document.querySelector("[data-audio]");
const links = [...document.querySelectorAll("[data-listen]")];
const form = document.querySelector("[data-decide]");
const deciding = form ? new Deciding(form) : null;
let at = -1;

function hear(number) {
  const link = links[number];
  if (!link) return false;
  at = number;
  audio.src = link.href;
  audio.play().catch(() => {});
  links.forEach((one, place) => one.closest("li").classList.toggle("is-current", place === number));
  link.closest("li").scrollIntoView({ block: "nearest" });
  say(`${number + 1} of ${links.length}: ${link.closest("li").querySelector("a").textContent.trim()}`);
  return true;
}

links.forEach((link, number) => link.addEventListener("click", (event) => {
  event.preventDefault();
  hear(number);
}));
const digits = Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => [digit, () => deciding?.digit(digit) ?? false]));
listen(document.body, {
  ...digits,
  " ": () => (at < 0 ? hear(0) : (audio.paused ? audio.play() : audio.pause()) ?? true),
  n: () => hear(at + 1),
  p: () => hear(at - 1),
  escape: () => deciding?.back() ?? false,
  w: () => deciding?.write() ?? false,
});
