// Writing: text, pictures by picker, paste and drop, what it replies to. Enter sends, Shift+Enter breaks the line.

import { close as closeMenu, menuKey } from "./commands.js";
import { byId, el, icon, toast } from "./dom.js";
import { get, pinToEnd, selectLast } from "./log.js";
import { snippet } from "./message.js";
import { fileUrl, sendFiles, sendSample, sendText } from "./server.js";

const MAX_CAPTION = 1024;
const [form, text, strip] = [byId("composer"), byId("text"), byId("strip")];
const NOTHING = { words: "", files: [], asFile: false, replyTo: null };
const waiting = []; // what is being sent, oldest first
let sending;
let files = [];
let replyTo = null;
let names = null;

export function startComposer(people) {
  names = people;
  form.addEventListener("submit", submit);
  text.addEventListener("keydown", keyed);
  text.addEventListener("input", grow);
  byId("attach").addEventListener("click", pick);
  byId("picker").addEventListener("change", picked);
  byId("reply-close").addEventListener("click", () => replyWith(null));
  document.addEventListener("paste", pasted);
  document.addEventListener("keydown", typedAnywhere);
  startDrop();
}

export const pick = () => byId("picker").click();

// --- sending: the box is empty at once and free for the next message, however long the answer takes

function written() {
  return { words: text.value, files, asFile: byId("as-file").checked, replyTo };
}

function fill({ words, files, asFile, replyTo }) {
  text.value = words;
  setFiles(files);
  byId("as-file").checked = asFile;
  showReply(replyTo);
}

function submit(event) {
  event.preventDefault();
  const words = text.value.trim();
  if (!words && !files.length) return;
  if (files.length && words.length > MAX_CAPTION) {
    toast(`A caption has ${MAX_CAPTION} characters at most; this one has ${words.length}.`);
    return;
  }
  text.focus();
  const draft = { ...written(), words };
  fill(NOTHING);
  send(draft);
}

/** Sends what stands outside the box, as {words} or {sample}, leaving the box as it is. */
export function sendAside(content) {
  const draft = { ...NOTHING, ...content, replyTo };
  showReply(null);
  grow();
  return send(draft);
}

/** Resolves when nothing waits any more. Never rejects: what was not sent comes back into the box. */
function send(draft) {
  pinToEnd();
  waiting.push(draft);
  if (waiting.length === 1) sending = sendAll();
  return sending;
}

async function sendAll() {
  form.classList.add("busy");
  try {
    for (; waiting.length; waiting.shift()) await post(waiting[0]); // one by one: they keep their order
  } catch (error) {
    toast(`Not sent: ${error.message}`);
    takeBack(waiting.splice(0));
  }
  form.classList.remove("busy");
}

function post({ words, files, asFile, replyTo, sample }) {
  const to = replyTo ?? undefined;
  if (sample) return sendSample(sample, to);
  return files.length ? sendFiles(files, words, asFile, to) : sendText(words, to);
}

/** Before what was written since, to be sent again. */
function takeBack(drafts) {
  const all = [...drafts, written()];
  fill({
    words: all.map(({ words }) => words).filter(Boolean).join("\n"),
    files: all.flatMap(({ files }) => files),
    asFile: all.some(({ asFile }) => asFile),
    replyTo: all.map(({ replyTo }) => replyTo).find((id) => id !== null) ?? null,
  });
}

// --- text

function keyed(event) {
  if (event.isComposing || menuKey(event)) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    form.requestSubmit();
  } else if (event.key === "Escape") {
    closeMenu();
    if (replyTo !== null) replyWith(null);
    else setFiles([]);
  } else if (event.key === "ArrowUp" && !text.value && selectLast()) {
    event.preventDefault();
  }
}

/** Whoever begins to type, wherever on the page, means the message. */
function typedAnywhere(event) {
  const { activeElement } = document;
  const elsewhere = activeElement === document.body || activeElement?.matches(".message");
  const printable = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (elsewhere && printable && !document.querySelector("dialog[open]")) text.focus();
}

function grow() {
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, 180)}px`;
  form.classList.toggle("ready", Boolean(text.value.trim() || files.length));
}

// --- replying

export function replyWith(id) {
  showReply(id);
  if (replyTo !== null) text.focus();
}

function showReply(id) {
  const message = id === null ? null : get(id);
  replyTo = message ? id : null;
  byId("reply").hidden = !message;
  if (!message) return;
  const mine = message.from.id === names.you.id;
  byId("reply-who").textContent = mine ? "Reply to yourself" : `Reply to ${names.bot.name || message.from.first_name}`;
  byId("reply-what").textContent = snippet(message);
  const thumb = message.photo?.[0] ?? message.document?.thumbnail ?? message.reply_to_message?.photo?.[0];
  byId("reply-thumb").hidden = !thumb;
  if (thumb) byId("reply-thumb").src = fileUrl(thumb.file_id);
}

// --- pictures

function picked(event) {
  add([...event.target.files]);
  event.target.value = ""; // so that the same file can be chosen again
}

function pasted(event) {
  const found = [...(event.clipboardData?.files ?? [])];
  if (!found.length) return;
  event.preventDefault();
  add(found);
}

function add(found, asFile = false) {
  setFiles([...files, ...found]);
  if (asFile) byId("as-file").checked = true;
  text.focus();
}

function setFiles(list) {
  files = list;
  strip.replaceChildren(...files.map(preview));
  byId("attached").hidden = !files.length;
  text.placeholder = files.length ? "Add a caption" : "Message";
  text.setAttribute("aria-label", files.length ? "Caption" : "Message");
  grow();
}

function preview(chosen) {
  const image = el("img", { src: URL.createObjectURL(chosen), alt: chosen.name });
  image.onload = () => URL.revokeObjectURL(image.src);
  image.onerror = () => image.replaceWith(el("span", { class: "file-icon" }, icon("file"), chosen.name));
  const remove = () => {
    setFiles(files.filter((other) => other !== chosen));
    text.focus();
  };
  const label = `Remove ${chosen.name}`;
  const name = el("span", { class: "hidden" }, label);
  return el("li", {}, image, el("button", { type: "button", title: label, onclick: remove }, icon("close"), name));
}

// --- dropping: two halves, as a photo or as a file

function startDrop() {
  const panel = byId("drop");
  let depth = 0;
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    depth += 1;
    panel.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (!carriesFiles(event)) return;
    depth = Math.max(0, depth - 1);
    panel.hidden = depth === 0;
  });
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    for (const half of panel.children) half.classList.toggle("over", half.contains(event.target));
  });
  addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    [depth, panel.hidden] = [0, true];
    add([...event.dataTransfer.files], event.target.closest?.("[data-as]")?.dataset.as === "file");
  });
}
