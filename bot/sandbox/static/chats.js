// The switcher of chats, the choice of the writer in a group, and the user's language.

import { byId, el } from "./dom.js";
import { place } from "./server.js";

// Values of Telegram's language_code; the last is a language without a catalog.
const LANGUAGES = ["en", "es", "de", "fr", "ru", "pt-br", "it", "uk", "hi", "zh-hans", "ar", "ja", "nl"];

let list = [];
const unseen = new Map(); // chat id -> number of messages that came while another chat was open

/** `chats`: [{id, title, about}], the private chat first; `enter(id)` opens a chat. */
export function startChats(chats, enter) {
  list = chats;
  const button = ({ id, title, about }) =>
    el("button", { type: "button", "data-chat": id, title: `${title}: ${about}`, onclick: () => enter(id) }, title);
  byId("chats").replaceChildren(...list.map(button));
}

export const privateChat = () => list[0].id;
export const isChat = (id) => list.some((chat) => chat.id === id);

/** The chat named in the address, else the private chat. */
export function chatOfAddress() {
  const named = list.find(({ title }) => location.hash === `#${title.toLowerCase()}`);
  return (named ?? list[0]).id;
}

/** Shows the open chat in the switcher, in the header, and in the address. */
export function showPlace() {
  const here = list.find(({ id }) => id === place.chat);
  const group = place.chat < 0;
  unseen.delete(place.chat);
  for (const button of byId("chats").children) {
    const current = Number(button.dataset.chat) === place.chat;
    if (current) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  showUnseen();
  byId("chat-name").textContent = here.title;
  byId("avatar").src = group ? "/static/group.svg" : "/static/logo.svg";
  history.replaceState(null, "", `${location.pathname}${location.search}${group ? `#${here.title.toLowerCase()}` : ""}`);
}

/** Counts a message of a chat that is not open. */
export function countUnseen(chat) {
  unseen.set(chat, (unseen.get(chat) ?? 0) + 1);
  showUnseen();
}

function showUnseen() {
  for (const button of byId("chats").children) {
    const count = unseen.get(Number(button.dataset.chat)) ?? 0;
    button.querySelector(".count")?.remove();
    if (!count) continue;
    const words = el("span", { class: "hidden" }, count === 1 ? " new message" : " new messages");
    button.append(el("span", { class: "count" }, String(count), words));
  }
}

/** The choice of the writer, in groups only. `changed()` is called after a choice. */
export function showWriters(people, changed) {
  const choice = ({ id, first_name }) => {
    const choose = () => {
      place.user = id;
      changed();
    };
    const radio = el("input", { type: "radio", name: "writer", value: id, checked: id === place.user, onchange: choose });
    return el("label", { class: "writer" }, radio, el("span", { dir: "auto" }, id === place.you ? "You" : first_name));
  };
  const fieldset = byId("writers");
  fieldset.hidden = place.chat > 0;
  fieldset.replaceChildren(el("legend", {}, "Write as"), ...people.map(choice));
}

// --- the user's language

/** Telegram's language_code for a language tag of the browser. */
function languageCode(tag) {
  const [language, region = ""] = tag.toLowerCase().split("-");
  if (language === "pt") return region === "br" ? "pt-br" : "pt";
  if (language === "zh") return ["tw", "hk", "mo", "hant"].includes(region) ? "zh-hant" : "zh-hans";
  return language;
}

/** Marks the messages' language: Chinese and Japanese draw shared letters differently. */
function markLanguage() {
  for (const id of ["log", "status"]) byId(id).lang = place.language;
}

/** The language's own name: `pt-br` is "português (Brasil)". */
function ownName(code) {
  const tag = code.replace(/-(\w+)$/, (_, end) => `-${end.length === 4 ? end : end.toUpperCase()}`);
  const name = new Intl.DisplayNames([tag], { type: "language" }).of(tag);
  return name.charAt(0).toLocaleUpperCase(tag) + name.slice(1);
}

/** `changed()` is called when another language is chosen. */
export function startLanguage(changed) {
  const menu = byId("language");
  const own = languageCode(navigator.language);
  const codes = LANGUAGES.includes(own) ? LANGUAGES : [own, ...LANGUAGES];
  const saved = localStorage.getItem("language");
  place.language = codes.includes(saved) ? saved : own;
  menu.replaceChildren(...codes.map((code) => el("option", { value: code, lang: code }, ownName(code))));
  menu.value = place.language;
  markLanguage();
  menu.addEventListener("change", () => {
    place.language = menu.value;
    localStorage.setItem("language", menu.value);
    markLanguage();
    changed();
  });
}
