// One message, or one album, as it stands in the chat. `to` holds what it can do: reply, edit, press, command, view, jump.

import { el, icon } from "./dom.js";
import { attachments, kindOf, tiles } from "./media.js";
import { fileUrl } from "./server.js";
import { rich } from "./rich.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

export const words = (message) => message.text ?? message.caption ?? "";

/** What a quote says of a message in one line. */
export const snippet = (message) => words(message) || kindOf(message);

/** What somebody is called on the page. */
export function nameOf(user, { bot }) {
  return user.id === bot.id ? bot.name || bot.first_name : user.first_name;
}

function authorOf(message, people) {
  return message.from.id === people.you.id ? "You" : nameOf(message.from, people);
}

/** What happened to the group, in words; '' for a message that somebody wrote. */
export function serviceOf(message, people) {
  const author = authorOf(message, people);
  const named = (users) => users.map((user) => nameOf(user, people)).join(", ");
  if (message.new_chat_members) return `${author} added ${named(message.new_chat_members)}`;
  if (message.left_chat_member) return `${author} removed ${named([message.left_chat_member])}`;
  if (message.forum_topic_created) return `${author} began the topic ${message.forum_topic_created.name}`;
  if (message.migrate_to_chat_id || message.migrate_from_chat_id) return "This group became a supergroup";
  return "";
}

/** The block of one message, or of all messages of an album. */
export function block(messages, people, to) {
  const [first] = messages;
  const mine = first.from.id === people.you.id;
  const service = serviceOf(first, people);
  const attributes = {
    class: service ? "message service" : `message ${mine ? "mine" : "theirs"}`,
    id: `m${first.message_id}`,
    tabindex: "-1",
    "data-author": authorOf(first, people),
  };
  if (service) return el("article", attributes, el("span", { class: "words" }, service));
  return el(
    "article",
    { ...attributes, ondblclick: (event) => doubleClicked(event, first, to) },
    bubble(messages, people, to),
    first.reply_markup?.inline_keyboard && keyboard(first, to),
    el("div", { class: "doings" }, doing("reply", "Reply", () => to.reply(first.message_id)), editButton(first, to)),
  );
}

function bubble(messages, people, to) {
  const [first] = messages;
  const mine = first.from.id === people.you.id;
  const spoken = messages.filter((message) => words(message));
  const photos = messages.filter((message) => message.photo);
  const each = photos.length > 1 && spoken.length > 1; // every picture has words of its own
  const text = !each && spoken.length > 0 && el("span", { class: "words" }, ...rich(spoken[0], to));
  const above = text && first.show_caption_above_media;
  const others = photos.length ? [] : messages.flatMap(attachments);
  const named = people.group && !mine;
  const bare = photos.length > 0 && !spoken.length && !named && !first.reply_to_message;
  const unknown = !photos.length && !others.length && !spoken.length && "This kind of message is not shown here.";
  return el(
    "div",
    { class: ["bubble", photos.length && "pictured", bare && "bare"].filter(Boolean).join(" ") },
    el("span", { class: "hidden" }, `${authorOf(first, people)}: `),
    named && el("b", { class: "author", dir: "auto", "aria-hidden": "true" }, nameOf(first.from, people)),
    first._topic && el("span", { class: "label" }, `# ${first._topic}`),
    first.via_bot && el("span", { class: "label" }, `via @${first.via_bot.username}`),
    first.reply_to_message && quote(first.reply_to_message, people, to),
    above && el("div", { class: "said", dir: "auto" }, text),
    photos.length > 0 && tiles(photos, each, to),
    ...others,
    el("div", { class: "said", dir: "auto" }, (!above && text) || unknown, meta(messages.at(-1), mine)),
  );
}

function doubleClicked(event, message, to) {
  const tile = event.target.closest("[data-id]");
  if (event.target.closest("button, a") && !tile) return;
  getSelection().removeAllRanges(); // a double click also selects a word
  to.reply(Number(tile?.dataset.id ?? message.message_id));
}

/** A small button beside a message. Not on the way of the Tab key: from a message, Enter replies and F2 edits. */
function doing(sign, title, does) {
  const attributes = { type: "button", class: `doing ${sign}-button`, title, tabindex: "-1", onclick: does };
  return el("button", attributes, icon(sign), el("span", { class: "hidden" }, title));
}

function editButton(message, to) {
  const own = !message.from.is_bot && !message.via_bot && (message.text || message.photo || message.document);
  return own && doing("edit", "Edit", () => to.edit(message.message_id));
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

// --- below the words

function meta(message, mine) {
  const when = new Date(message.date * 1000);
  const edited = message.edit_date && !message.from.is_bot; // the bot's answers all are: that is how it answers
  return el(
    "div",
    { class: "meta", dir: "ltr" },
    edited && el("span", {}, "edited"),
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
  const word = key.url && to.startOf(key.url);
  if (key.url && !word && /^(https?|tg):/.test(key.url)) {
    return el("a", { class: "key", dir: "auto", href: key.url, target: "_blank", rel: "noopener noreferrer" }, key.text);
  }
  const press = (event) => (word ? to.begin(word) : to.press(message, key, event.currentTarget));
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
  if (node.matches(".service")) return;
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
