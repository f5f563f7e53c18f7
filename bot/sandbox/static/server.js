// The sandbox's page interface (bot/sandbox/page.py), and its live events.

const asked = new URLSearchParams(location.search).get("chat"); // a visitor in a chat of their own

/** The open chat, the writer, and the user's language_code. */
export const place = { chat: null, user: null, you: null, language: "en" };

async function answer(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error((body.description || "The sandbox refused that").replace("Bad Request: ", ""));
  return body;
}

/** The chat and user of a request, with the language of the page's own user only. */
function actor({ chat, user } = place) {
  return { chat, user, ...(user === place.you ? { language: place.language } : {}) };
}

async function read(path, query = {}, options = {}) {
  return answer(await fetch(`/sandbox/${path}?${new URLSearchParams(query)}`, options));
}

async function post(path, fields, at) {
  const body = JSON.stringify({ ...actor(at), ...fields });
  const headers = { "Content-Type": "application/json" };
  return answer(await fetch(`/sandbox/${path}`, { method: "POST", headers, body }));
}

export const chats = () => read("chats", asked ? { user: asked } : {});
export const state = () => read("state", actor());
export const samples = () => read("samples");
export const messages = async () => (await read("messages", { chat: place.chat })).messages;
export const sendText = (text, reply_to, at) => post("send", { text, reply_to }, at);
export const sendSample = (file, reply_to, at) => post("send_sample", { file, reply_to }, at);
export const edit = (message_id, text, user) => post("edit", { message_id, text }, { chat: place.chat, user });
export const press = (message_id, data) => post("press", { message_id, data });
export const choose = (query, result) => post("choose", { query, result });
export const fileUrl = (file_id, name) =>
  `/sandbox/file/${encodeURIComponent(file_id)}${name ? `?${new URLSearchParams({ name })}` : ""}`;

/** What the bot answers to `@bot words`: {query, results, next_offset, button}, or null if it says nothing. */
export async function inline(words, offset, signal) {
  const { query } = await post("inline", { query: words, offset });
  const answer = await read("answer", { query, wait_s: 15 }, { signal });
  return answer.results ? { ...answer, query } : null;
}

export async function sendFiles(files, caption, as_file, reply_to, at) {
  const form = new FormData();
  for (const file of files) form.append("file", file, file.name || "picture.png");
  for (const [name, value] of Object.entries({ ...actor(at), caption, as_file, reply_to })) {
    if (value !== null && value !== undefined) form.append(name, value);
  }
  return answer(await fetch("/sandbox/send", { method: "POST", body: form }));
}

/**
 * Calls `onEvent(event)` for every event, `changed(true | false)` when the connection comes and goes.
 * `changed` gives a promise; where it fails, the connection counts as lost.
 */
export function listen(onEvent, changed) {
  let source;
  let retry;
  const lost = () => {
    changed(false);
    source.close(); // the browser's own retry gives up on some errors; ours does not
    clearTimeout(retry);
    retry = setTimeout(open, 1000);
  };
  const open = () => {
    clearTimeout(retry);
    source?.close();
    source = new EventSource("/sandbox/events");
    source.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      if (event.type === "hello") changed(true).catch(lost);
      else onEvent(event);
    };
    source.onerror = lost;
  };
  addEventListener("online", open);
  open();
}
