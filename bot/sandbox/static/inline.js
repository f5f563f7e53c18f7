// Inline mode: `@bot text` shows the bot's results above the box; choosing a result posts it. Enter alone sends the text.

import { byId, el, toast } from "./dom.js";
import { choose, fileUrl, inline } from "./server.js";
import { replyTo } from "./subject.js";

const PAUSE_MS = 250; // no search for every letter
const [panel, list, status, text] = [byId("inline"), byId("found"), byId("inline-status"), byId("text")];
let username = "";
let active = -1;
let wait;
let asking = new AbortController();

export function startInline({ bot }, begin) {
  username = bot.username.toLowerCase();
  text.addEventListener("input", typed);
  byId("inline-button").addEventListener("click", ({ currentTarget }) => {
    text.value = "";
    closeInline();
    begin(currentTarget.dataset.word);
  });
}

export function closeInline() {
  clearTimeout(wait);
  asking.abort();
  if (panel.hidden) return;
  panel.hidden = true;
  list.replaceChildren();
  active = -1;
  text.removeAttribute("aria-activedescendant");
}

function typed() {
  const match = /^@(\w+)\s([^]*)$/.exec(text.value);
  const caption = !byId("attached").hidden; // a caption or a reply that names the bot is a question
  if (match?.[1].toLowerCase() !== username || caption || replyTo() !== null) {
    return closeInline();
  }
  clearTimeout(wait);
  wait = setTimeout(() => ask(match[2].trim()), PAUSE_MS);
}

async function ask(query, offset = "") {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  panel.hidden = false;
  status.textContent = "Looking …";
  try {
    const answer = await inline(query, offset, signal);
    if (!signal.aborted) show(answer, query, offset);
  } catch (error) {
    if (!signal.aborted) status.textContent = error.message;
  }
}

function show(answer, query, offset) {
  const results = answer?.results ?? [];
  if (!offset) list.replaceChildren();
  list.querySelector(".more")?.remove();
  const first = list.children.length;
  list.append(...results.map((result, at) => option(result, answer.query, first + at)));
  if (answer?.next_offset) list.append(more(query, answer.next_offset));
  const count = first + results.length;
  status.textContent = !answer ? "No answer came." : count ? sentence(count) : "Nothing found.";
  byId("inline-button").hidden = !answer?.button?.text;
  byId("inline-button").textContent = answer?.button?.text ?? "";
  byId("inline-button").dataset.word = answer?.button?.start_parameter ?? "";
  active = -1;
  text.removeAttribute("aria-activedescendant");
  if (offset) mark(first);
}

function sentence(count) {
  return `${count === 1 ? "One result" : `${count} results`}. Arrow keys and Enter choose one.`;
}

const keepFocus = (event) => event.preventDefault(); // the text keeps it

function option(result, query, at) {
  const title = result.title || result.description || result.caption || "Photo";
  const post = async () => {
    text.value = "";
    closeInline();
    text.dispatchEvent(new Event("input"));
    await choose(query, String(result.id)).catch((error) => toast(`Not sent: ${error.message}`));
  };
  const image = result.photo_file_id && el("img", { src: fileUrl(result.photo_file_id), alt: "" });
  const about = result.description && result.description !== title && el("small", {}, result.description);
  return el(
    "div",
    { role: "option", id: `found-${at}`, class: image ? "hit" : "hit worded", onmousedown: keepFocus, onclick: post },
    image,
    el("span", { class: "hit-words", dir: "auto" }, title, about),
  );
}

function more(query, offset) {
  const next = { role: "option", id: "found-more", class: "hit more", onmousedown: keepFocus, onclick: () => ask(query, offset) };
  return el("div", next, "More");
}

function mark(at) {
  const all = [...list.children];
  active = (at + all.length) % all.length;
  all.forEach((option, index) => option.setAttribute("aria-selected", index === active));
  all[active].scrollIntoView({ block: "nearest" });
  text.setAttribute("aria-activedescendant", all[active].id);
}

/** Whether the open results took the key. */
export function inlineKey(event) {
  if (panel.hidden) return false;
  const keys = { Escape: closeInline };
  if (list.children.length) {
    keys.ArrowDown = () => mark(active + 1);
    keys.ArrowUp = () => mark(active < 0 ? -1 : active - 1);
  }
  if (active >= 0) keys.Enter = () => list.children[active].click();
  if (!(event.key in keys) || event.shiftKey) return false;
  event.preventDefault();
  keys[event.key]();
  return true;
}
