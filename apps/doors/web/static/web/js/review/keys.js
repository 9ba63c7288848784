// Single keys for a page: one table of what each does, quiet while somebody types or a dialog is open.

const typing = (element) => element.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
const pressing = (element) => element.closest("button, a[href], summary, audio");

// The choice is made in the list of keys that "?" opens; what has the focus always takes its keys.
function shortcutsOn() {
  try { return localStorage.getItem("earmark-shortcuts") !== "off"; } catch { return true; }
}

// `table` maps a key, in lower case, to a function; it answers false for a key it leaves alone.
export function listen(root, table) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (!shortcutsOn() && !root.contains(event.target)) return;
    if ((event.key === " " || event.key === "Enter") && pressing(event.target)) return;
    if (event.key === " " && event.target.matches("input")) return;
    const name = `${event.shiftKey && event.key.length === 1 && /[a-z]/i.test(event.key) ? "shift+" : ""}${event.key.toLowerCase()}`;
    const act = table[name];
    if (!act || act(event) === false) return;
    event.preventDefault();
  });
}

// Says a sentence to those who listen to the page instead of looking at it.
export function say(text) {
  const region = document.querySelector("#say");
  if (!region) return;
  region.textContent = "";
  setTimeout(() => { region.textContent = text; }, 60);
}

export function clock(seconds) {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds - 60 * minutes).toFixed(2).padStart(5, "0")}`;
}

export function remembered(name, otherwise) {
  try { return localStorage.getItem(name) ?? otherwise; } catch { return otherwise; }
}

export function remember(name, value) {
  try { localStorage.setItem(name, value); } catch { /* private window: holds for this page only */ }
}
