// What a message carries besides words: photos in a grid, stickers, files to download.

import { el, icon } from "./dom.js";
import { rich } from "./rich.js";
import { fileUrl } from "./server.js";

const SHOWN_PX = 380; // longest side of a photo in a bubble
const FINE_PX = 640; // longest side of the smallest size that still looks sharp there
const PLAYED = {
  video: "Video",
  animation: "Animation",
  video_note: "Video message",
  voice: "Voice message",
  audio: "Audio",
};

/** What a message without words is called. */
export function kindOf(message) {
  if (message.photo) return "Photo";
  if (message.sticker) return moves(message.sticker) ? "Animated sticker" : "Sticker";
  const played = Object.keys(PLAYED).find((kind) => message[kind]);
  return played ? PLAYED[played] : (message.document?.file_name ?? "Message");
}

const moves = (sticker) => sticker.is_animated || sticker.is_video;

/** All but the photos of a message, as nodes. */
export function attachments(message) {
  const played = Object.keys(PLAYED).find((kind) => message[kind]);
  if (played) return [card(message[played], PLAYED[played], "play")];
  if (message.sticker) return [moves(message.sticker) ? card(message.sticker, "Animated sticker", "play") : sticker(message.sticker)];
  return message.document ? [card(message.document, message.document.file_name, "file")] : [];
}

function sticker({ file_id, width, height }) {
  const scale = 200 / Math.max(width, height);
  const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
  return el("img", { class: "sticker", src: fileUrl(file_id), alt: "Sticker", ...size });
}

function card({ thumbnail, file_name, file_size, file_id, duration }, title, sign) {
  const name = file_name ?? title;
  const length = duration ? `${Math.floor(duration / 60)}:${String(duration % 60).padStart(2, "0")}, ` : "";
  return el(
    "a",
    { class: "file", href: fileUrl(file_id, name), download: name },
    thumbnail
      ? el("img", { src: fileUrl(thumbnail.file_id), alt: "", width: 56, height: 56 })
      : el("span", { class: "file-icon" }, icon(sign)),
    el("span", { class: "file-words" }, el("b", { dir: "auto" }, title), el("span", {}, length + bytes(file_size))),
  );
}

function bytes(count) {
  if (count < 1024) return `${count} bytes`;
  const kib = count / 1024;
  return kib < 1024 ? `${kib.toFixed(0)} KB` : `${(kib / 1024).toFixed(1)} MB`;
}

// --- photos

/** The photos of one message or album. Where each has words of its own, they stand under it. */
export function tiles(messages, captioned, to) {
  if (messages.length === 1) return el("div", { class: "tiles" }, tile(messages[0], to));
  const all = messages.map((message, at) => tile(message, to, replyTo(message, at + 1, to)));
  if (!captioned) return el("div", { class: `tiles many n${messages.length}` }, ...all);
  return el("div", { class: "cards" }, ...messages.map((message, at) => framed(message, all[at], to)));
}

function framed(message, tile, to) {
  const words = el("figcaption", { class: "words", dir: "auto" }, ...rich(message, to));
  return el("figure", { class: "card" }, tile, words);
}

/** In an album, the Tab key goes here too: there is no other way to say which picture is meant. */
function replyTo({ message_id }, number, to) {
  const title = `Reply to picture ${number}`;
  const attributes = { type: "button", class: "doing", title, onclick: () => to.reply(message_id) };
  return el("button", attributes, icon("reply"), el("span", { class: "hidden" }, title));
}

function tile({ photo, message_id }, to, reply = null) {
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
  return el("div", { class: "tile", "data-id": message_id }, el("button", open, image), reply);
}
