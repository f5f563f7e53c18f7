// Puts the page together: people, chats, and the handling of the server's events.

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
const ACTION_TEXTS = { typing: "typing", upload_photo: "sending a photo", upload_document: "sending a file" };

const { place } = server;
const pressed = new Map(); // query id -> the button that waits for its answer
const people = { you: null, bot: null, group: false };
let stillTyping;
let fetches = 0;
let earlyEvents = null; // events that arrive while the messages are being fetched

async function main() {
  startTheme();
  startLanguage(() => server.state().then(show, failed));
  startChats(await retry(server.chats), (chat) => enter(chat).catch(failed));
  place.you = place.user = privateChat();
  place.chat = chatOfAddress();
  const first = await retry(server.state);
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
  server.listen(onEvent, onConnection);
  takeFocus();
}

/** Tries until it succeeds: the sandbox may still be starting. */
async function retry(get) {
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

// --- switching chats

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

/** Another person of the group writes from now on, who may have other commands. */
function onWriterChange() {
  server.state().then(({ commands }) => setCommands(commands), failed);
}

async function fetchAll() {
  const number = ++fetches;
  earlyEvents = [];
  const [now, list] = await Promise.all([server.state(), server.messages()]);
  if (number !== fetches) return; // the connection or the chat has changed: a later fetch replaces this one
  show(now);
  showWriters(now.people, onWriterChange);
  replaceAll(list); // also after a lost connection
  const events = earlyEvents;
  earlyEvents = null;
  events.forEach(onEvent);
}

async function onConnection(up) {
  showConnected(up);
  if (up) await fetchAll();
  else fetches += 1;
}

function onEvent(event) {
  if (event.chat !== undefined && event.chat !== place.chat) return onOtherChat(event);
  if (earlyEvents) return earlyEvents.push(event);
  switch (event.type) {
    case "message":
    case "edit":
      if (event.message.from.is_bot) idle();
      put(event.message);
      return event.type === "message" && openPrompt(event.message);
    case "delete":
      return drop(event.message_id);
    case "read":
      return markRead(event.message_id);
    case "typing":
      return showTyping(event.action);
    case "answer":
      return onAnswer(event);
    case "commands":
    case "profile":
      return server.state().then(show, () => {}); // a banner shows a lost connection
  }
}

/** Opens the reply to a message with ForceReply, unless the user is writing something else. */
function openPrompt({ message_id, _prompt }) {
  const isForMe = _prompt && (_prompt.for?.includes(place.user) ?? true);
  if (isForMe && !byId("text").value && replyTo() === null && edited() === null) replyWith(message_id);
}

function onOtherChat({ type, chat, message }) {
  if (type === "message" && isChat(chat) && message.from.id !== place.you) countUnseen(chat);
}

// --- typing

function showTyping(action) {
  clearTimeout(stillTyping);
  byId("typing").hidden = false;
  byId("status").textContent = `${ACTION_TEXTS[action] ?? "busy"}…`;
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

function command(text) {
  closeMenu();
  sendAside({ words: text });
}

/** The WORD of https://t.me/BOT?start=WORD; null for any other address. */
function startOf(href) {
  const link = /^(?:https?:\/\/)?(?:t\.me|telegram\.me)\/(\w+)\?start=([\w-]{1,64})$/i.exec(href);
  return link?.[1].toLowerCase() === people.bot.username.toLowerCase() ? link[2] : null;
}

/** Follows such a link as Telegram's apps do: opens the private chat and sends /start WORD. */
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

function write(text) {
  byId("text").value = text;
  byId("text").focus();
  byId("text").dispatchEvent(new Event("input"));
}

function copy(text) {
  navigator.clipboard.writeText(text).then(() => toast("Copied"), () => toast("It could not be copied."));
}

function onAnswer({ query, text, show_alert, url }) {
  pressed.get(query)?.classList.remove("waiting");
  pressed.delete(query);
  if (text) (show_alert ? alertBox : toast)(text);
  if (!url) return;
  const word = startOf(url);
  if (word) begin(word);
  else if (/^https?:/.test(url)) open(url, "_blank", "noopener");
}

main();
