// What is around the chat: light and dark, the note about the model, the samples, the lost connection.

import { byId, el, icon } from "./dom.js";

const EMPTY = byId("empty-text").textContent; // where the bot does not describe itself

// --- light and dark: the system's choice until the user chooses

const dark = matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : dark.matches;
}

export function startTheme() {
  const saved = localStorage.getItem("theme");
  if (saved) document.documentElement.dataset.theme = saved;
  byId("theme-button").addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    localStorage.setItem("theme", theme);
  });
}

// --- the note about the model: closed once read, back at any time

export function showAbout(words) {
  const [panel, button] = [byId("about"), byId("about-button")];
  button.hidden = !words;
  if (!words) return;
  const pieces = words.split("`"); // every second piece is code
  byId("about-text").replaceChildren(...pieces.map((piece, at) => (at % 2 ? el("code", {}, piece) : piece)));
  const set = (open) => {
    panel.hidden = !open;
    button.setAttribute("aria-expanded", open);
  };
  set(localStorage.getItem("about read") !== words);
  button.onclick = () => set(panel.hidden);
  byId("about-close").onclick = () => {
    localStorage.setItem("about read", words);
    set(false);
    byId("text").focus();
  };
}

// --- an empty chat: what it is for

export function showEmpty({ bot, group }, people) {
  const name = bot.name || bot.first_name;
  const others = people.slice(1).map(({ first_name }) => first_name).join(" and ");
  byId("empty-title").textContent = group ? `You, ${others}` : "Show me a picture";
  byId("empty-start").hidden = group;
  byId("empty-text").textContent = group
    ? `Choose below who writes. ${name} is here too: reply to a picture with @${bot.username} and a question.`
    : bot.description || EMPTY;
}

// --- sample pictures: a panel beside the chat, a sheet over it on a phone

const narrow = matchMedia("(max-width: 899px)");

export function startSamples(samples, send) {
  const [panel, button] = [byId("samples"), byId("samples-button")];
  const set = (open) => {
    panel.hidden = !open;
    button.setAttribute("aria-expanded", open);
  };
  button.hidden = byId("empty-samples").hidden = !samples.length;
  if (!samples.length) return;
  byId("sample-list").replaceChildren(
    ...samples.map((sample) => el("li", {}, tile(sample, async () => {
      if (narrow.matches) set(false);
      await send(sample.file);
    }))),
  );
  const flip = () => {
    set(panel.hidden);
    if (!panel.hidden && narrow.matches) byId("samples-close").focus();
  };
  button.addEventListener("click", flip);
  byId("empty-samples").addEventListener("click", () => {
    set(true);
    byId("sample-list").querySelector("button").focus();
  });
  byId("samples-close").addEventListener("click", () => {
    set(false);
    button.focus();
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") byId("samples-close").click();
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (narrow.matches && !panel.contains(target) && !button.contains(target)) set(false);
  });
  set(!narrow.matches);
}

function tile(sample, send) {
  const name = sample.caption || sample.file.replace(/\.\w+$/, "").replaceAll(/[_-]/g, " ");
  const once = async (event) => {
    const button = event.currentTarget;
    if (button.disabled) return;
    button.disabled = true; // a double click sends once
    await send();
    button.disabled = false;
  };
  return el(
    "button",
    { type: "button", class: "sample", "aria-label": `Send the sample: ${name}`, onclick: once },
    el("img", { src: sample.url, alt: "", decoding: "async" }),
    el("span", { class: "sample-send", "aria-hidden": "true" }, icon("send")),
  );
}

// --- the connection

export function showConnected(connected) {
  byId("offline").hidden = connected;
}
