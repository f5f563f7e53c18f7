// A message's words and entities as nodes. Offsets are in UTF-16 units, as JavaScript's are.

import { el } from "./dom.js";

const STYLES = {
  bold: "strong",
  italic: "em",
  underline: "u",
  strikethrough: "s",
  code: "code",
  pre: "pre",
  blockquote: "blockquote",
  mention: "strong",
  text_mention: "strong",
};

/** Nodes and strings. Where entities overlap, the one that begins first is shown. */
export function rich(message, to) {
  const text = message.text ?? message.caption ?? "";
  const nodes = [];
  let at = 0;
  for (const entity of message.entities ?? message.caption_entities ?? []) {
    if (entity.offset < at) continue;
    const end = entity.offset + entity.length;
    nodes.push(text.slice(at, entity.offset), marked(entity, text.slice(entity.offset, end), to));
    at = end;
  }
  return [...nodes, text.slice(at)];
}

function marked(entity, text, to) {
  if (entity.type === "bot_command") {
    // Left to right in itself: else the slash would stand at the wrong end of it in Arabic.
    return el("button", { type: "button", class: "link", dir: "ltr", onclick: () => to.command(text) }, text);
  }
  if (entity.type === "url" || entity.type === "text_link") {
    const href = entity.url ?? (/^https?:/.test(text) ? text : `https://${text}`);
    const word = to.startOf(href);
    if (word) return el("button", { type: "button", class: "link", onclick: () => to.begin(word) }, text);
    return /^https?:/.test(href) ? el("a", { href, target: "_blank", rel: "noopener noreferrer" }, text) : text;
  }
  return entity.type in STYLES ? el(STYLES[entity.type], {}, text) : text;
}
