// One message, or one album, as it stands in the chat. `to` holds what it can do: reply, press, command, view, jump.

import { el, icon } from "./dom.js";
import { fileUrl } from "./server.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const SHOWN_PX = 380; // longest side of a photo in a bubble

export const words = (message) => message.text ?? message.caption ?? "";

/** What a quote or a screen reader says of a message in one line. */
export function snippet(message) {
  const kind = message.photo ? "Photo" : message.document ? message.document.file_name : "Message";
  return words(message) || kind;
}

/** The block of one message, or of all messages of an album. */
export function block(messages, { you, bot }, to) {
  const [first] = messages;
  const mine = first.from.id === you.id;
  const author = mine ? "You" : first.from.id === bot.id ? bot.name || bot.first_name : first.from.first_name;
  const caption = messages.find((message) => words(message));
  const photos = messages.filter((message) => message.photo);
  const bare = photos.length && !caption && !first.reply_to_message;
  const bubble = el(
    "div",
    { class: ["bubble", photos.length && "pictured", bare && "bare"].filter(Boolean).join(" ") },
    el("span", { class: "hidden" }, `${author}: `),
    first.reply_to_message && quote(first.reply_to_message, { you, bot }, to),
    photos.length > 0 && tiles(photos, to),
    ...messages.filter((message) => message.document).map((message) => file(message.document)),
    el("div", { class: "said", dir: "auto" }, said(first, caption, to), meta(messages.at(-1), mine)),
  );
  return el(
    "article",
    { class: `message ${mine ? "mine" : "theirs"}`, id: `m${first.message_id}`, tabindex: "-1", ondblclick: (event) => doubleClicked(event, first, to) },
    bubble,
    first.reply_markup && keyboard(first, to),
    replyButton(first, to),
  );
}

function said(first, caption, to) {
  if (caption) return el("span", { class: "words" }, ...rich(caption, to));
  const known = first.photo || first.document;
  return known ? "" : el("span", { class: "words" }, "This kind of message is not shown here.");
}

function doubleClicked(event, message, to) {
  if (event.target.closest("button, a")) return;
  getSelection().removeAllRanges(); // a double click also selects a word
  to.reply(Number(event.target.closest("[data-id]")?.dataset.id ?? message.message_id));
}

function replyButton(message, to) {
  const reply = () => to.reply(message.message_id);
  return el("button", { type: "button", class: "reply-button", title: "Reply", onclick: reply }, icon("reply"), el("span", { class: "hidden" }, "Reply"));
}

function quote(original, { you, bot }, to) {
  const author = original.from.id === you.id ? "You" : original.from.id === bot.id ? bot.name || bot.first_name : original.from.first_name;
  const thumb = original.photo?.[0] ?? original.document?.thumbnail;
  return el(
    "button",
    { type: "button", class: "quote", onclick: () => to.jump(original.message_id), title: "Show the message" },
    thumb && el("img", { src: fileUrl(thumb.file_id), alt: "", width: 36, height: 36 }),
    el("span", { class: "quote-words" }, el("b", {}, el("span", { class: "hidden" }, "in reply to "), author), el("span", { dir: "auto" }, snippet(original))),
  );
}

function tiles(messages, to) {
  const one = messages.length === 1;
  return el("div", { class: one ? "tiles" : `tiles many n${Math.min(messages.length, 10)}` }, ...messages.map((message) => tile(message, one, to)));
}

function tile(message, one, to) {
  const size = message.photo.find(({ width, height }) => Math.max(width, height) >= 640) ?? message.photo.at(-1);
  const scale = Math.min(1, SHOWN_PX / Math.max(size.width, size.height));
  const [width, height] = [Math.max(1, Math.round(size.width * scale)), Math.max(1, Math.round(size.height * scale))];
  return el(
    "div",
    { class: "tile", "data-id": message.message_id },
    el(
      "button",
      { type: "button", class: "photo", onclick: () => to.view(message.message_id) },
      el("img", { src: fileUrl(size.file_id), alt: "", width, height, "data-alt-of": message.message_id, draggable: "false" }),
    ),
    !one && replyButton(message, to),
  );
}

function file(document) {
  const { thumbnail, file_name, file_size, file_id } = document;
  return el(
    "a",
    { class: "file", href: fileUrl(file_id, file_name), download: file_name },
    thumbnail ? el("img", { src: fileUrl(thumbnail.file_id), alt: "", width: 56, height: 56 }) : el("span", { class: "file-icon" }, icon("file")),
    el("span", { class: "file-words" }, el("b", { dir: "auto" }, file_name), el("span", {}, bytes(file_size))),
  );
}

function bytes(count) {
  if (count < 1024) return `${count} bytes`;
  const kib = count / 1024;
  return kib < 1024 ? `${kib.toFixed(0)} KB` : `${(kib / 1024).toFixed(1)} MB`;
}

/** Text and entities as nodes. Offsets are in UTF-16 units, as JavaScript's are. */
function rich(message, to) {
  const text = words(message);
  const entities = message.entities ?? message.caption_entities ?? [];
  const nodes = [];
  let at = 0;
  for (const entity of entities.filter((candidate, index) => !entities.some((other, before) => before < index && other.offset + other.length > candidate.offset))) {
    nodes.push(text.slice(at, entity.offset), marked(entity, text.slice(entity.offset, entity.offset + entity.length), to));
    at = entity.offset + entity.length;
  }
  nodes.push(text.slice(at));
  return nodes;
}

const STYLES = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "blockquote" };

function marked(entity, text, to) {
  if (entity.type === "bot_command") return el("button", { type: "button", class: "link", onclick: () => to.command(text) }, text);
  if (entity.type === "url" || entity.type === "text_link") {
    const href = entity.url ?? text;
    return /^https?:/.test(href) ? el("a", { href, target: "_blank", rel: "noopener noreferrer" }, text) : text;
  }
  return entity.type in STYLES ? el(STYLES[entity.type], {}, text) : entity.type === "mention" ? el("strong", {}, text) : text;
}

function meta(message, mine) {
  const when = new Date(message.date * 1000);
  return el(
    "div",
    { class: "meta" },
    mine && message.edit_date && el("span", {}, "edited"),
    el("time", { datetime: when.toISOString(), title: full.format(when) }, clock.format(when)),
    mine && el("span", { class: "ticks" }, icon("sent"), el("span", { class: "hidden" }, "sent")),
  );
}

/** What may change on a block without its words being read out again. */
export function refresh(node, messages, altOf) {
  const ticks = node.querySelector(".ticks");
  if (ticks && messages.every((message) => message._read) && !ticks.classList.contains("read")) {
    ticks.classList.add("read");
    ticks.querySelector("use").setAttribute("href", "#i-read");
    ticks.querySelector(".hidden").textContent = "seen";
  }
  for (const image of node.querySelectorAll("[data-alt-of]")) {
    const alt = altOf(Number(image.dataset.altOf));
    if (image.alt !== alt) image.alt = alt;
  }
  const reactions = messages.flatMap((message) => message._reactions ?? []).map((reaction) => reaction.emoji ?? "★");
  node.querySelector(".reactions")?.remove();
  if (reactions.length) node.querySelector(".bubble").append(el("div", { class: "reactions" }, ...reactions.map((emoji) => el("span", {}, emoji))));
}

function keyboard(message, to) {
  const button = (key) => {
    if (key.url) return el("a", { class: "key", href: /^(https?|tg):/.test(key.url) ? key.url : "#", target: "_blank", rel: "noopener noreferrer" }, key.text);
    return el("button", { type: "button", class: "key", dir: "auto", onclick: (event) => to.press(message, key, event.currentTarget) }, key.text);
  };
  const rows = message.reply_markup.inline_keyboard.map((row) => el("div", { class: "keys" }, ...row.map(button)));
  return el("div", { class: "keyboard", role: "group", "aria-label": "Buttons" }, ...rows);
}
