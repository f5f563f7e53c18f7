// The sandbox's page interface (bot/sandbox/page.py), and its live events.

const chat = new URLSearchParams(location.search).get("chat");
const language = navigator.language.split("-")[0];

async function answer(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error((body.description || "The sandbox refused that").replace("Bad Request: ", ""));
  return body;
}

function query(more = {}) {
  return new URLSearchParams({ ...(chat ? { chat } : {}), language, ...more });
}

async function post(path, fields) {
  const body = JSON.stringify({ ...(chat ? { chat: Number(chat) } : {}), language, ...fields });
  return answer(await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body }));
}

export const state = async () => answer(await fetch(`/sandbox/state?${query()}`));
export const samples = async () => answer(await fetch("/sandbox/samples"));
export const messages = async () => (await answer(await fetch(`/sandbox/messages?${query()}`))).messages;
export const sendText = (text, reply_to) => post("/sandbox/send", { text, reply_to });
export const sendSample = (file, reply_to) => post("/sandbox/send_sample", { file, reply_to });
export const press = (message_id, data) => post("/sandbox/press", { message_id, data });
export const fileUrl = (file_id, name) =>
  `/sandbox/file/${encodeURIComponent(file_id)}${name ? `?${new URLSearchParams({ name })}` : ""}`;

export async function sendFiles(files, caption, as_file, reply_to) {
  const form = new FormData();
  for (const file of files) form.append("file", file, file.name || "picture.png");
  for (const [name, value] of Object.entries({ chat, language, caption, as_file, reply_to })) {
    if (value !== null && value !== undefined) form.append(name, value);
  }
  return answer(await fetch("/sandbox/send", { method: "POST", body: form }));
}

/**
 * Calls `heard(event)` for every event of this chat, `changed(true | false)` when the connection comes and goes.
 * `changed` gives a promise; where it fails, the connection counts as lost.
 */
export function listen(chatId, heard, changed) {
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
      else if (event.chat === undefined || event.chat === chatId) heard(event);
    };
    source.onerror = lost;
  };
  addEventListener("online", open);
  open();
}
