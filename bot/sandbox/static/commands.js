// The menu of the bot's commands: by its button, or by typing "/". Enter or a click sends, Tab only writes.

import { byId, el } from "./dom.js";

const [menu, text, button] = [byId("menu"), byId("text"), byId("commands-button")];
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
  menu.hidden = true;
  button.setAttribute("aria-expanded", "false");
  text.removeAttribute("aria-activedescendant");
}

function filter() {
  const typed = /^\/(\w*)$/.exec(text.value);
  const found = typed ? commands.filter(({ command }) => command.startsWith(typed[1].toLowerCase())) : [];
  if (found.length) show(found);
  else close();
}

function show(list) {
  menu.replaceChildren(
    ...list.map(({ command, description }, at) =>
      el(
        "div",
        {
          role: "option",
          id: `command-${at}`,
          class: "command",
          "data-command": command,
          onmousedown: (event) => event.preventDefault(), // the text keeps the focus
          onclick: () => choose(command),
        },
        el("b", {}, `/${command}`),
        el("span", { dir: "auto" }, description),
      ),
    ),
  );
  menu.hidden = false;
  button.setAttribute("aria-expanded", "true");
  mark(0);
}

function mark(at) {
  active = (at + menu.children.length) % menu.children.length;
  [...menu.children].forEach((option, index) => option.setAttribute("aria-selected", index === active));
  menu.children[active].scrollIntoView({ block: "nearest" });
  text.setAttribute("aria-activedescendant", `command-${active}`);
}

function choose(command) {
  close();
  if (text.value.startsWith("/")) text.value = "";
  run(`/${command}`);
}

/** Whether the open menu took the key. */
export function menuKey(event) {
  if (menu.hidden) return false;
  const command = menu.children[active].dataset.command;
  const keys = {
    ArrowDown: () => mark(active + 1),
    ArrowUp: () => mark(active - 1),
    Escape: close,
    Enter: () => choose(command),
    Tab: () => {
      text.value = `/${command} `;
      close();
    },
  };
  if (!(event.key in keys)) return false;
  event.preventDefault();
  keys[event.key]();
  return true;
}
