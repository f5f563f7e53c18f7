// The menu of the bot's commands: by its button, or by typing "/". Enter or a click sends, Tab only writes.

import { byId, el, icon } from "./dom.js";

const [menu, options, text, button] = [byId("menu"), byId("commands"), byId("text"), byId("commands-button")];
let commands = [];
let active = 0;
let run = () => {};

export function startCommands(send) {
  run = send;
  button.addEventListener("click", () => {
    const open = menu.hidden;
    close();
    if (open) show(commands);
    text.focus();
  });
  text.addEventListener("input", filter);
  text.addEventListener("blur", () => setTimeout(() => document.activeElement !== text && close(), 150));
}

export function setCommands(list) {
  commands = list;
  button.hidden = !list.length;
}

export function close() {
  if (menu.hidden) return;
  menu.hidden = true;
  button.setAttribute("aria-expanded", "false");
  text.removeAttribute("aria-activedescendant");
}

function filter() {
  const typed = /^\/(\w*)$/.exec(text.value);
  const matching = typed ? commands.filter(({ command }) => command.startsWith(typed[1].toLowerCase())) : [];
  if (matching.length) show(matching);
  else close();
}

function show(list) {
  options.replaceChildren(...list.map(option));
  menu.hidden = false;
  button.setAttribute("aria-expanded", "true");
  mark(0);
}

function option({ command, description }, at) {
  const write = (event) => {
    event.stopPropagation();
    fill(command);
  };
  return el(
    "div",
    {
      role: "option",
      id: `command-${at}`,
      class: "command",
      "data-command": command,
      onmousedown: (event) => event.preventDefault(), // the text keeps the focus
      onclick: () => choose(command),
    },
    el("b", { dir: "ltr" }, `/${command}`),
    el("span", { dir: "auto" }, description),
    el("i", { class: "fill", title: "Add words", "aria-hidden": "true", onclick: write }, icon("fill")),
  );
}

function mark(at) {
  active = (at + options.children.length) % options.children.length;
  [...options.children].forEach((option, index) => option.setAttribute("aria-selected", index === active));
  options.children[active].scrollIntoView({ block: "nearest" });
  text.setAttribute("aria-activedescendant", `command-${active}`);
}

function choose(command) {
  close();
  if (text.value.startsWith("/")) text.value = "";
  run(`/${command}`);
}

/** Only writes it, so that its words can follow. */
function fill(command) {
  close();
  text.value = `/${command} `;
}

/** Whether the open menu took the key. */
export function menuKey(event) {
  if (menu.hidden) return false;
  const command = options.children[active].dataset.command;
  const keys = {
    ArrowDown: () => mark(active + 1),
    ArrowUp: () => mark(active - 1),
    Escape: close,
    Enter: () => choose(command),
    Tab: () => fill(command),
  };
  if (!(event.key in keys)) return false;
  event.preventDefault();
  keys[event.key]();
  return true;
}
