// Puts the page together: who talks, what there is to show, and what happens when something happens.

import { close as closeMenu, setCommands, startCommands } from "./commands.js";
import { pick, replyWith, sendAside, startComposer } from "./composer.js";
import { alertBox, byId, toast } from "./dom.js";
import { showAbout, showConnected, startSamples, startTheme } from "./frame.js";
import { drop, markRead, put, replaceAll, startLog } from "./log.js";
import * as server from "./server.js";

const TYPING_MS = 5500; // an action lasts five seconds; the bot sends it again before that
const DOING = { typing: "typing", upload_photo: "sending a photo", upload_document: "sending a file" };

const pressed = new Map(); // query id -> the button that waits
let stillTyping;
let connections = 0;
let early = null; // what is heard while the messages are still being fetched

async function main() {
  startTheme();
  const first = await patiently(server.state);
  const people = { you: first.you, bot: first.bot };
  startLog(people, { reply: replyWith, press, command });
  startComposer(people);
  startCommands(command);
  show(first);
  startSamples(await server.samples(), (sample) => sendAside({ sample }));
  byId("empty-start").addEventListener("click", () => command("/start"));
  byId("empty-pick").addEventListener("click", pick);
  server.listen(first.chat.id, heard, connection);
  if (matchMedia("(hover: hover)").matches) byId("text").focus();
}

/** The sandbox may still be starting. */
async function patiently(get) {
  for (;;) {
    try {
      return await get();
    } catch {
      showConnected(false);
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
  }
}

function show({ bot, commands, about }) {
  const name = bot.name || bot.first_name;
  document.title = byId("bot-name").textContent = name;
  if (bot.short_description) byId("status").dataset.idle = bot.short_description;
  if (bot.description) byId("empty-text").textContent = bot.description;
  setCommands(commands);
  showAbout(about);
  idle();
}

async function connection(up) {
  const mine = ++connections;
  showConnected(up);
  if (!up) return;
  early = [];
  const [now, list] = await Promise.all([server.state(), server.messages()]);
  if (mine !== connections) return; // lost meanwhile: the next one fetches them again
  setCommands(now.commands);
  replaceAll(list); // what happened while nobody listened
  const since = early;
  early = null;
  since.forEach(heard);
}

function heard(event) {
  if (early) return early.push(event);
  switch (event.type) {
    case "message":
    case "edit":
      if (event.message.from.is_bot) idle();
      return put(event.message);
    case "delete":
      return drop(event.message_id);
    case "read":
      return markRead(event.message_id);
    case "typing":
      return typing(event.action);
    case "answer":
      return answered(event);
    case "commands":
    case "profile":
      return server.state().then(show, () => {}); // that the connection is lost is said elsewhere
  }
}

// --- typing

function typing(action) {
  clearTimeout(stillTyping);
  byId("typing").hidden = false;
  byId("status").textContent = `${DOING[action] ?? "busy"}…`;
  byId("status").classList.add("doing");
  stillTyping = setTimeout(idle, TYPING_MS);
}

function idle() {
  clearTimeout(stillTyping);
  const status = byId("status");
  status.dataset.idle ??= status.textContent;
  status.textContent = status.dataset.idle;
  status.classList.remove("doing");
  byId("typing").hidden = true;
}

// --- commands and buttons

function command(words) {
  closeMenu();
  sendAside({ words });
}

async function press(message, key, button) {
  if (!key.callback_data) return toast("This kind of button does nothing here.");
  button.classList.add("waiting");
  setTimeout(() => button.classList.remove("waiting"), 10_000);
  try {
    pressed.set((await server.press(message.message_id, key.callback_data)).query, button);
  } catch (error) {
    button.classList.remove("waiting");
    toast(error.message);
  }
}

function answered({ query, text, show_alert }) {
  pressed.get(query)?.classList.remove("waiting");
  pressed.delete(query);
  if (text) (show_alert ? alertBox : toast)(text);
}

main();
