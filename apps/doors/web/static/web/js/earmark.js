// What every page shares: theme switch, copy buttons, dialogs, notices for failed requests, shortcuts.
// Each part only improves markup that already works without it.

const YEAR_SECONDS = 31_536_000;

function chooseTheme(value) {
  if (value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
  document.cookie = `theme=${value};path=/;max-age=${YEAR_SECONDS};samesite=lax`;
  document.dispatchEvent(new CustomEvent("earmark:theme"));
}

function addNotice(text, tone = "bad") {
  const template = document.querySelector("#notice-template");
  const region = document.querySelector("#notices");
  if (!template || !region) return;
  const notice = template.content.firstElementChild.cloneNode(true);
  notice.classList.add(`tone-${tone}`);
  notice.querySelector("[data-text]").textContent = text;
  region.append(notice);
  notice.scrollIntoView({ block: "nearest" });
}

function addCopyButtons(root) {
  for (const block of root.querySelectorAll("[data-copy]:not(:has(.copy))")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy ${block.dataset.copy}`);
    block.append(button);
  }
}

async function copyFrom(button) {
  const text = button.parentElement.querySelector("code").textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    const range = document.createRange();
    range.selectNodeContents(button.parentElement.querySelector("code"));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    button.textContent = "Press Ctrl+C";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 2500);
}

function openDialogFor(button) {
  const dialog = document.getElementById(button.getAttribute("commandfor"));
  if (button.getAttribute("command") === "show-modal") dialog.showModal();
  else dialog.close();
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-theme-switch]")) chooseTheme(event.target.value);
});

document.addEventListener("click", (event) => {
  const copy = event.target.closest(".copy");
  if (copy) copyFrom(copy);
  const dismiss = event.target.closest("[data-dismiss]");
  if (dismiss) dismiss.closest(".notice").remove();
  const invoker = event.target.closest("button[commandfor]");
  if (invoker && !("command" in HTMLButtonElement.prototype)) openDialogFor(invoker);
  for (const menu of document.querySelectorAll("details.account[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// A confirmation that needs the exact phrase typed keeps its button closed until it matches.
document.addEventListener("input", (event) => {
  const phrase = event.target.dataset?.phrase;
  if (!phrase) return;
  event.target.form.querySelector("[type=submit]").disabled = event.target.value !== phrase;
});

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.target.matches("[data-once]") && button) {
    setTimeout(() => { button.setAttribute("aria-disabled", "true"); button.disabled = true; });
  }
});

const failures = {
  401: "You are signed out. Sign in again; what you typed is still in the form.",
  403: "Your roles do not allow this. Ask an owner of the organisation for the role.",
  404: "This is no longer there. Reload the page to see its present state.",
  409: "Somebody changed this meanwhile. Reload the page and try again.",
  413: "That is too large for one request. Send fewer or smaller files, or use the command line.",
  429: "Too many requests for the moment. Wait a minute and try again.",
};
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  addNotice(failures[status] ?? `The server could not do this (${status}). Nothing was changed; try again.`);
});
document.addEventListener("htmx:sendError", () => addNotice("The server did not answer. Check the connection and try again."));
document.addEventListener("htmx:timeout", () => addNotice("The server took too long. Reload the page to see what was done."));
document.addEventListener("htmx:load", (event) => addCopyButtons(event.detail.elt));

const typing = (element) => element.closest("input, textarea, select, [contenteditable]");

function readShortcutChoice() {
  try { return localStorage.getItem("earmark-shortcuts") !== "off"; } catch { return true; }
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (!readShortcutChoice() || document.querySelector("dialog[open]")) return;
  const target = document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches("dialog")) target.showModal();
  else if (target.matches("input, select")) target.focus();
  else target.click();
});

for (const box of document.querySelectorAll("[data-shortcuts-on]")) {
  box.checked = readShortcutChoice();
  box.addEventListener("change", () => {
    try { localStorage.setItem("earmark-shortcuts", box.checked ? "on" : "off"); } catch { /* private window: holds for this page only */ }
  });
}
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
for (const element of document.querySelectorAll("[data-needs-script]")) element.hidden = false;
addCopyButtons(document);
