// Puts the page together: who talks, what there is to show, and what happens when something happens.

import { chatOfAddress, countUnseen, isChat, privateChat, showPlace, showWriters } from "./chats.js";
import { startChats, startLanguage } from "./chats.js";
import { close as closeMenu, setCommands, startCommands } from "./commands.js";
import { pick, sendAside, startComposer } from "./composer.js";
import { alertBox, byId, toast } from "./dom.js";
import { showAbout, showConnected, showEmpty, startSamples, startTheme } from "./frame.js";
import { closeInline, startInline } from "./inline.js";
import { clear, drop, markRead, put, replaceAll, startLog } from "./log.js";
import * as server from "./server.js";
import { about, edited, editThis, replyTo, replyWith } from "./subject.js";

const TYPING_MS = 5500; // an action lasts five seconds; the bot sends it again before that
const DOING = { typing: "typing", upload_photo: "sending a photo", upload_document: "sending a file" };

const { place } = server;
const pressed = new Map(); // query id -> the button that waits
const people = { you: null, bot: null, group: false };
let stillTyping;
let fetches = 0;
let early = null; // what is heard while the messages are still being fetched

async function main() {
  startTheme();
  startLanguage(() => server.state().then(show, failed));
  startChats(await patiently(server.chats), (chat) => enter(chat).catch(failed));
  place.you = place.user = privateChat();
  place.chat = chatOfAddress();
  const first = await patiently(server.state);
  people.you = first.you;
  people.bot = first.bot;
  startLog(people, { reply: replyWith, edit: editThis, press, command, startOf, begin });
  startComposer(people);
  startInline(people, begin);
  startCommands(command);
  showPlace();
  show(first);
  startSamples(await server.samples(), (sample) => sendAside({ sample }));
  byId("empty-start").addEventListener("click", () => command("/start"));
  byId("empty-pick").addEventListener("click", pick);
  server.listen(heard, connection);
  takeFocus();
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

const failed = (error) => toast(error.message);

function show(now) {
  const { bot, chat, commands } = now;
  people.group = chat.id < 0;
  people.bot = bot;
  document.title = bot.name || bot.first_name;
  byId("status").dataset.idle = people.group
    ? ["You", ...now.people.slice(1).map(({ first_name }) => first_name), bot.name || bot.first_name].join(", ")
    : bot.short_description || "photo assistant";
  showEmpty(people, now.people);
  setCommands(commands);
  showAbout(now.about);
  idle();
}

// --- going from chat to chat

async function enter(chat) {
  if (chat === place.chat) return;
  Object.assign(place, { chat, user: place.you });
  about(null);
  closeMenu();
  closeInline();
  showPlace();
  clear();
  await fetchAll();
  takeFocus();
}

/** Not on a phone: its keyboard would cover half of the page. */
function takeFocus() {
  if (matchMedia("(hover: hover)").matches) byId("text").focus();
}

/** Another person writes from now on: the menu of commands may be another one. */
function wroteAs() {
  server.state().then(({ commands }) => setCommands(commands), failed);
}

async function fetchAll() {
  const mine = ++fetches;
  early = [];
  const [now, list] = await Promise.all([server.state(), server.messages()]);
  if (mine !== fetches) return; // lost, or elsewhere, meanwhile: the next one fetches them again
  show(now);
  showWriters(now.people, wroteAs);
  replaceAll(list); // what happened while nobody listened
  const since = early;
  early = null;
  since.forEach(heard);
}

async function connection(up) {
  showConnected(up);
  if (up) await fetchAll();
  else fetches += 1;
}

function heard(event) {
  if (event.chat !== undefined && event.chat !== place.chat) return elsewhere(event);
  if (early) return early.push(event);
  switch (event.type) {
    case "message":
    case "edit":
      if (event.message.from.is_bot) idle();
      put(event.message);
      return event.type === "message" && prompted(event.message);
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

/** A message that wants an answer opens the reply by itself, unless something else is being written. */
function prompted({ message_id, _prompt }) {
  const isForMe = _prompt && (_prompt.for?.includes(place.user) ?? true);
  if (isForMe && !byId("text").value && replyTo() === null && edited() === null) replyWith(message_id);
}

function elsewhere({ type, chat, message }) {
  if (type === "message" && isChat(chat) && message.from.id !== place.you) countUnseen(chat);
}

// --- typing

function typing(action) {
  clearTimeout(stillTyping);
  byId("typing").hidden = false;
  byId("status").textContent = `${DOING[action] ?? "busy"}…`;
  byId("status").classList.add("busy");
  stillTyping = setTimeout(idle, TYPING_MS);
}

function idle() {
  clearTimeout(stillTyping);
  const status = byId("status");
  status.textContent = status.dataset.idle;
  status.classList.remove("busy");
  byId("typing").hidden = true;
}

// --- commands, links to the bot, and buttons

function command(words) {
  closeMenu();
  sendAside({ words });
}

/** What https://t.me/BOT?start=WORD carries; null for any other address. */
function startOf(href) {
  const link = /^(?:https?:\/\/)?(?:t\.me|telegram\.me)\/(\w+)\?start=([\w-]{1,64})$/i.exec(href);
  return link?.[1].toLowerCase() === people.bot.username.toLowerCase() ? link[2] : null;
}

/** As the apps open such a link: the private chat, and /start with its word. */
async function begin(word) {
  try {
    await enter(privateChat());
    command(`/start ${word}`);
  } catch (error) {
    failed(error);
  }
}

async function press(message, key, button) {
  if (key.switch_inline_query_current_chat !== undefined) {
    return write(`@${people.bot.username} ${key.switch_inline_query_current_chat}`);
  }
  if (key.copy_text) return copy(key.copy_text.text);
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

function write(words) {
  byId("text").value = words;
  byId("text").focus();
  byId("text").dispatchEvent(new Event("input"));
}

function copy(words) {
  navigator.clipboard.writeText(words).then(() => toast("Copied"), () => toast("It could not be copied."));
}

function answered({ query, text, show_alert, url }) {
  pressed.get(query)?.classList.remove("waiting");
  pressed.delete(query);
  if (text) (show_alert ? alertBox : toast)(text);
  if (!url) return;
  const word = startOf(url);
  if (word) begin(word);
  else if (/^https?:/.test(url)) open(url, "_blank", "noopener");
}

main();
