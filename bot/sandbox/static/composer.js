// Writing: text, pictures by picker, paste and drop. Enter sends, Shift+Enter breaks the line.

import { close as closeMenu, menuKey } from "./commands.js";
import { byId, el, icon, toast } from "./dom.js";
import { closeInline, inlineKey } from "./inline.js";
import { get, pinToEnd, selectLast } from "./log.js";
import { edit, place, sendFiles, sendSample, sendText } from "./server.js";
import { about, edited, leaveSubject, replyTo, startSubject } from "./subject.js";

const MAX_CAPTION = 1024;
const [form, text, strip] = [byId("composer"), byId("text"), byId("strip")];
const NOTHING = { words: "", files: [], asFile: false, replyTo: null };
const waiting = []; // what is being sent, oldest first
let sending;
let files = [];

export function startComposer(people) {
  startSubject(people, grow);
  form.addEventListener("submit", submit);
  text.addEventListener("keydown", keyed);
  text.addEventListener("input", grow);
  byId("attach").addEventListener("click", pick);
  byId("picker").addEventListener("change", picked);
  document.addEventListener("paste", pasted);
  document.addEventListener("keydown", typedAnywhere);
  startDrop();
}

export const pick = () => byId("picker").click();

// --- sending: the box is empty at once and free for the next message, however long the answer takes

function written() {
  return { words: text.value, files, asFile: byId("as-file").checked, replyTo: replyTo() };
}

function fill({ words, files, asFile, replyTo }) {
  text.value = words;
  setFiles(files);
  byId("as-file").checked = asFile;
  about(replyTo === null ? null : { reply: replyTo });
  grow();
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
  closeInline();
  closeMenu();
  if (edited() !== null) return correct(edited(), words);
  const draft = { ...written(), words };
  fill(NOTHING);
  send(draft);
}

/** Keeps the box as it is where the correction is refused. */
async function correct(id, words) {
  try {
    if (words !== wordsBefore(id)) await edit(id, words, get(id).from.id);
    leaveSubject();
  } catch (error) {
    toast(`Not changed: ${error.message}`);
  }
}

const wordsBefore = (id) => get(id)?.text ?? get(id)?.caption;

/** Sends what stands outside the box, as {words} or {sample}, leaving the box as it is. */
export function sendAside(content) {
  const draft = { ...NOTHING, ...content, replyTo: replyTo() };
  leaveSubject();
  grow();
  return send(draft);
}

/** Resolves when nothing waits any more. Never rejects: what was not sent comes back into the box. */
function send(draft) {
  pinToEnd();
  waiting.push({ ...draft, at: { ...place } }); // it goes to the chat in which it was written
  if (waiting.length === 1) sending = sendAll();
  return sending;
}

async function sendAll() {
  form.classList.add("busy");
  try {
    for (; waiting.length; waiting.shift()) await post(waiting[0]); // one after another, to keep their order
  } catch (error) {
    toast(`Not sent: ${error.message}`);
    takeBack(waiting.splice(0));
  }
  form.classList.remove("busy");
}

function post({ words, files, asFile, replyTo, sample, at }) {
  const to = replyTo ?? undefined;
  if (sample) return sendSample(sample, to, at);
  return files.length ? sendFiles(files, words, asFile, to, at) : sendText(words, to, at);
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
  if (event.isComposing || menuKey(event) || inlineKey(event)) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    form.requestSubmit();
  } else if (event.key === "Escape") {
    closeMenu();
    if (replyTo() !== null || edited() !== null) leaveSubject();
    else setFiles([]);
    grow();
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

// --- pictures

function picked(event) {
  add([...event.target.files]);
  event.target.value = ""; // so that the same file can be chosen again
}

function pasted(event) {
  const pasted = [...(event.clipboardData?.files ?? [])];
  if (!pasted.length) return;
  event.preventDefault();
  add(pasted);
}

function add(added, asFile = false) {
  setFiles([...files, ...added]);
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
