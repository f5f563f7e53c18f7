// The messages: kept by id, shown in order, kept in view; moved through by keyboard.

import { byId, el } from "./dom.js";
import { block, refresh, serviceOf, words } from "./message.js";
import { fileUrl } from "./server.js";
import { openViewer } from "./viewer.js";

const NEAR_PX = 120; // closer to the end than this counts as being there
const days = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

const [log, scroller] = [byId("log"), byId("scroller")];
const messages = new Map();
let [people, actions] = [null, null];
let unseen = 0;
let pinned = true; // whether the end is in view and shall stay so

export const get = (id) => messages.get(id);

/** `participants`: {you, bot, group}; `does`: {reply, edit, press, command, startOf, begin}. */
export function startLog(participants, does) {
  people = participants;
  actions = { ...does, view, jump };
  byId("to-bottom").addEventListener("click", () => toEnd(true));
  scroller.addEventListener("scroll", scrolled, { passive: true });
  const keep = new ResizeObserver(() => pinned && toEnd());
  keep.observe(log);
  keep.observe(scroller);
  keep.observe(byId("typing"));
  log.addEventListener("keydown", keyed);
}

/** Empty, until the messages of another chat are here. */
export function clear() {
  log.setAttribute("aria-busy", "true");
  messages.clear();
  pinned = true;
  count(0);
  log.replaceChildren();
}

/** Everything anew, as after a lost connection. */
export function replaceAll(list) {
  messages.clear();
  for (const message of list) messages.set(message.message_id, message);
  render();
  log.setAttribute("aria-busy", "false");
}

export function put(message) {
  const known = messages.has(message.message_id);
  messages.set(message.message_id, message);
  const mine = message.from.id === people.you.id;
  if (!known && mine) pinned = true;
  render();
  if (!known && !pinned) count(unseen + 1);
}

export function drop(id) {
  messages.delete(id);
  render();
}

export function markRead(id) {
  const message = messages.get(id);
  if (!message || message._read) return;
  message._read = true;
  render();
}

// --- drawing

/** Messages in order, those of one album together. */
function blocks() {
  const groups = [];
  for (const message of [...messages.values()].sort((a, b) => a.message_id - b.message_id)) {
    const album = message.media_group_id;
    if (album && groups.at(-1)?.[0].media_group_id === album) groups.at(-1).push(message);
    else groups.push([message]);
  }
  return groups;
}

// What counts as another look; the rest is refreshed in place, so that nothing is read out twice.
const look = (list) => JSON.stringify(list.map(({ _read, _reactions, ...shown }) => shown));

/** The rows of the log, top to bottom: days, and blocks that know whether they continue what is above. */
function layout() {
  const rows = [];
  for (const list of blocks()) {
    const [{ date, from, message_id }] = list;
    const day = new Date(date * 1000).toDateString();
    const above = rows.at(-1);
    const service = serviceOf(list[0], people);
    const follows = !service && above?.day === day && above.from === from.id;
    if (above?.day !== day) {
      rows.push({ key: day, day, sign: dayName(date), make: () => el("div", { class: "day" }, dayName(date)) });
    }
    if (follows) above.last = false;
    const make = () => block(list, people, actions);
    rows.push({ key: `m${message_id}`, day, from: service ? 0 : from.id, list, follows, last: true, sign: look(list), make });
  }
  return rows;
}

function render() {
  const loading = log.getAttribute("aria-busy") === "true";
  const old = new Map([...log.children].map((node) => [node.dataset.key, node]));
  const rows = layout();
  const kept = new Set(rows.map(({ key }) => key));
  for (const [key, node] of old) if (!kept.has(key)) leave(node); // first: a node that must move loses the focus
  let above = null;
  for (const row of rows) {
    const was = old.get(row.key);
    const node = was?.sign === row.sign ? was : redraw(was, row);
    const place = above ? above.nextSibling : log.firstChild;
    if (node !== place) log.insertBefore(node, place);
    if (!was && !loading) node.classList.add("arriving"); // only what is new moves in; an edit stays in its place
    if (row.list) dress(node, row);
    above = node;
  }
  byId("empty").hidden = messages.size > 0;
  scroller.classList.toggle("blank", messages.size === 0);
  if (pinned) toEnd();
}

/** Removes a node; the focus moves to the message below, or above. */
function leave(node) {
  if (node.contains(document.activeElement)) {
    const all = [...log.querySelectorAll(".message")];
    const at = all.indexOf(node);
    (all[at + 1] ?? all[at - 1] ?? byId("text")).focus({ preventScroll: true });
  }
  node.remove();
}

function redraw(was, { key, sign, make }) {
  const node = make();
  node.dataset.key = key;
  node.sign = sign;
  if (was) {
    const focused = was.contains(document.activeElement);
    const key = [...was.querySelectorAll(".key")].indexOf(document.activeElement);
    was.replaceWith(node);
    // the focus stays at the same place among the buttons
    if (focused) (node.querySelectorAll(".key")[key] ?? node).focus({ preventScroll: true });
  }
  return node;
}

function dress(node, { list, follows, last }) {
  node.classList.toggle("follows", follows);
  node.classList.toggle("last", last);
  refresh(node, list, altOf);
}

function dayName(seconds) {
  const date = new Date(seconds * 1000);
  const ago = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000);
  return ago === 0 ? "Today" : ago === 1 ? "Yesterday" : days.format(date);
}

/** A photo's alternative text: its own text, else the first message about it. */
function altOf(id) {
  const about = ({ reply_to_message, from }) => reply_to_message?.message_id === id && from.id === people.bot.id;
  const comment = [...messages.values()].find(about);
  return words(messages.get(id) ?? {}) || (comment && words(comment)) || "Photo";
}

function view(id) {
  const photos = [...messages.values()].filter((message) => message.photo);
  const list = photos.map((message) => ({
    url: fileUrl(message.photo.at(-1).file_id),
    alt: altOf(message.message_id),
    caption: altOf(message.message_id).replace(/^Photo$/, ""),
  }));
  openViewer(list, photos.findIndex((message) => message.message_id === id));
}

// --- where we are

function scrolled() {
  const below = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  pinned = below < NEAR_PX;
  byId("to-bottom").hidden = pinned;
  if (pinned) count(0);
}

function count(number) {
  unseen = number;
  byId("unseen").hidden = !number;
  byId("unseen").textContent = number;
}

function toEnd(smooth = false) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  scroller.scrollTo({ top: scroller.scrollHeight, behavior: smooth && !calm ? "smooth" : "instant" });
}

export function pinToEnd() {
  pinned = true;
  toEnd();
}

function nodeOf(id) {
  const tile = log.querySelector(`[data-id="${id}"]`);
  return byId(`m${id}`) ?? tile?.closest(".message");
}

export function jump(id) {
  const node = nodeOf(id);
  if (!node) return;
  pinned = false;
  node.scrollIntoView({ block: "center", behavior: "smooth" });
  node.focus({ preventScroll: true });
  node.classList.remove("flash");
  void node.offsetWidth; // starts the animation again
  node.classList.add("flash");
}

// --- by keyboard

export function selectLast() {
  const last = [...log.querySelectorAll(".message")].at(-1);
  last?.focus();
  return Boolean(last);
}

function keyed(event) {
  const node = event.target.closest(".message");
  if (event.key === "Escape") byId("text").focus();
  if (!node || event.target !== node) return;
  const all = [...log.querySelectorAll(".message")];
  const to = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (to) {
    event.preventDefault();
    const next = all[all.indexOf(node) + to];
    if (next) next.focus();
    else if (to > 0) byId("text").focus();
  }
  if (event.key === "Enter") {
    event.preventDefault();
    actions.reply(Number(node.id.slice(1)));
  }
  if (event.key === "F2" && get(Number(node.id.slice(1))).from.is_bot === false) {
    event.preventDefault();
    actions.edit(Number(node.id.slice(1)));
  }
  if (event.key === " " && node.querySelector(".photo")) {
    event.preventDefault();
    node.querySelector(".photo").click();
  }
}
