// One message, or one album, as it stands in the chat. `to` holds what it can do: reply, press, command, view, jump.

import { el, icon } from "./dom.js";
import { fileUrl } from "./server.js";
import { rich } from "./rich.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const SHOWN_PX = 380; // longest side of a photo in a bubble
const FINE_PX = 640; // longest side of the smallest size that still looks sharp there

export const words = (message) => message.text ?? message.caption ?? "";

/** What a quote says of a message in one line. */
export function snippet(message) {
  const kind = message.photo ? "Photo" : message.document ? message.document.file_name : "Message";
  return words(message) || kind;
}

function authorOf(message, { you, bot }) {
  if (message.from.id === you.id) return "You";
  return message.from.id === bot.id ? bot.name || bot.first_name : message.from.first_name;
}

/** The block of one message, or of all messages of an album. */
export function block(messages, people, to) {
  const [first] = messages;
  const mine = first.from.id === people.you.id;
  const captioned = messages.find((message) => words(message));
  const photos = messages.filter((message) => message.photo);
  const bare = photos.length && !captioned && !first.reply_to_message;
  const bubble = el(
    "div",
    { class: ["bubble", photos.length && "pictured", bare && "bare"].filter(Boolean).join(" ") },
    el("span", { class: "hidden" }, `${authorOf(first, people)}: `),
    first.reply_to_message && quote(first.reply_to_message, people, to),
    photos.length > 0 && tiles(photos, to),
    ...messages.filter((message) => message.document).map((message) => file(message.document)),
    el("div", { class: "said", dir: "auto" }, said(first, captioned, to), meta(messages.at(-1), mine)),
  );
  const attributes = {
    class: `message ${mine ? "mine" : "theirs"}`,
    id: `m${first.message_id}`,
    tabindex: "-1",
    "data-author": authorOf(first, people),
    ondblclick: (event) => doubleClicked(event, first, to),
  };
  return el("article", attributes, bubble, first.reply_markup && keyboard(first, to), replyButton(first, to));
}

function said(first, captioned, to) {
  if (captioned) return el("span", { class: "words" }, ...rich(captioned, to));
  const known = first.photo || first.document;
  return known ? "" : el("span", { class: "words" }, "This kind of message is not shown here.");
}

function doubleClicked(event, message, to) {
  const tile = event.target.closest("[data-id]");
  if (event.target.closest("button, a") && !tile) return;
  getSelection().removeAllRanges(); // a double click also selects a word
  to.reply(Number(tile?.dataset.id ?? message.message_id));
}

function replyButton(message, to) {
  // Not on the way of the Tab key: from a message, Enter replies.
  const attributes = { type: "button", class: "reply-button", title: "Reply", tabindex: "-1" };
  const reply = () => to.reply(message.message_id);
  return el("button", { ...attributes, onclick: reply }, icon("reply"), el("span", { class: "hidden" }, "Reply"));
}

function quote(original, people, to) {
  const thumb = original.photo?.[0] ?? original.document?.thumbnail;
  const author = el("b", {}, el("span", { class: "hidden" }, "in reply to "), authorOf(original, people));
  return el(
    "button",
    { type: "button", class: "quote", onclick: () => to.jump(original.message_id), title: "Show the message" },
    thumb && el("img", { src: fileUrl(thumb.file_id), alt: "", width: 36, height: 36 }),
    el("span", { class: "quote-words" }, author, el("span", { dir: "auto" }, snippet(original))),
  );
}

// --- photos and files

function tiles(messages, to) {
  const one = messages.length === 1;
  const style = one ? "tiles" : `tiles many n${messages.length}`;
  return el("div", { class: style }, ...messages.map((message) => tile(message, one, to)));
}

function tile(message, one, to) {
  const { photo, message_id } = message;
  const size = photo.find(({ width, height }) => Math.max(width, height) >= FINE_PX) ?? photo.at(-1);
  const scale = Math.min(1, SHOWN_PX / Math.max(size.width, size.height));
  const image = el("img", {
    src: fileUrl(size.file_id),
    alt: "",
    width: Math.max(1, Math.round(size.width * scale)), // known before it loads: nothing jumps
    height: Math.max(1, Math.round(size.height * scale)),
    "data-alt-of": message_id,
    draggable: "false",
  });
  const open = { type: "button", class: "photo", title: "Open", onclick: () => to.view(message_id) };
  const button = el("button", open, image);
  return el("div", { class: "tile", "data-id": message_id }, button, !one && replyButton(message, to));
}

function file({ thumbnail, file_name, file_size, file_id }) {
  return el(
    "a",
    { class: "file", href: fileUrl(file_id, file_name), download: file_name },
    thumbnail
      ? el("img", { src: fileUrl(thumbnail.file_id), alt: "", width: 56, height: 56 })
      : el("span", { class: "file-icon" }, icon("file")),
    el("span", { class: "file-words" }, el("b", { dir: "auto" }, file_name), el("span", {}, bytes(file_size))),
  );
}

function bytes(count) {
  if (count < 1024) return `${count} bytes`;
  const kib = count / 1024;
  return kib < 1024 ? `${kib.toFixed(0)} KB` : `${(kib / 1024).toFixed(1)} MB`;
}

// --- below the words

function meta(message, mine) {
  const when = new Date(message.date * 1000);
  return el(
    "div",
    { class: "meta" },
    mine && message.edit_date && el("span", {}, "edited"), // the bot's answers all are: that is how it answers
    el("time", { datetime: when.toISOString(), title: full.format(when) }, clock.format(when)),
    mine && el("span", { class: "ticks" }, icon("sent"), el("span", { class: "hidden" }, "sent")),
  );
}

function keyboard(message, to) {
  const rows = message.reply_markup.inline_keyboard.map((row) =>
    el("div", { class: "keys" }, ...row.map((key) => button(message, key, to))),
  );
  return el("div", { class: "keyboard", role: "group", "aria-label": "Buttons" }, ...rows);
}

function button(message, key, to) {
  if (key.url && /^(https?|tg):/.test(key.url)) {
    return el("a", { class: "key", href: key.url, target: "_blank", rel: "noopener noreferrer" }, key.text);
  }
  const press = (event) => to.press(message, key, event.currentTarget);
  return el("button", { type: "button", class: "key", dir: "auto", onclick: press }, key.text);
}

/** What may change on a block without its words being read out again. */
export function refresh(node, messages, altOf) {
  const ticks = node.querySelector(".ticks:not(.read)");
  if (ticks && messages.every((message) => message._read)) {
    ticks.classList.add("read");
    ticks.querySelector("use").setAttribute("href", "#i-read");
    ticks.querySelector(".hidden").textContent = "seen";
  }
  for (const image of node.querySelectorAll("[data-alt-of]")) {
    const alt = altOf(Number(image.dataset.altOf));
    if (image.alt !== alt) image.alt = alt;
  }
  const [first] = messages;
  node.setAttribute("aria-label", `${node.dataset.author}: ${first.photo ? altOf(first.message_id) : snippet(first)}`);
  react(node, messages.flatMap((message) => message._reactions ?? []));
}

function react(node, reactions) {
  node.querySelector(".reactions")?.remove();
  if (!reactions.length) return;
  const chips = reactions.map((reaction) => el("span", {}, reaction.emoji ?? "★"));
  node.querySelector(".bubble").append(el("div", { class: "reactions" }, ...chips));
}
