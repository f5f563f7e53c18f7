// What the next message is about: the message that it replies to, or the user's own message that it edits.

import { byId } from "./dom.js";
import { get } from "./log.js";
import { nameOf, snippet, words } from "./message.js";
import { fileUrl } from "./server.js";

const text = byId("text");
let names = null;
let subject = null; // {reply: id}, {edit: id, before: what stood in the box}, or null

export function startSubject(people, changed) {
  names = people;
  byId("reply-close").addEventListener("click", () => {
    leaveSubject();
    changed();
    text.focus();
  });
}

export const replyTo = () => subject?.reply ?? null;
export const edited = () => subject?.edit ?? null;

/** Shows a subject, or none. One that is no longer there is none. */
export function about(wanted) {
  const message = wanted && get(wanted.reply ?? wanted.edit);
  subject = message ? wanted : null;
  byId("reply").hidden = !message;
  text.placeholder = message?._prompt?.hint || "Message";
  if (!message) return;
  byId("reply-icon").setAttribute("href", wanted.edit ? "#i-edit" : "#i-reply");
  byId("reply-leave").textContent = wanted.edit ? "Do not edit" : "Do not reply";
  byId("reply-who").textContent = wanted.edit ? "Edit the message" : `Reply to ${addressed(message)}`;
  byId("reply-what").textContent = snippet(message);
  const thumb = message.photo?.[0] ?? message.document?.thumbnail ?? message.reply_to_message?.photo?.[0];
  byId("reply-thumb").hidden = !thumb;
  if (thumb) byId("reply-thumb").src = fileUrl(thumb.file_id);
}

function addressed(message) {
  return message.from.id === names.you.id ? "yourself" : nameOf(message.from, names);
}

export function replyWith(id) {
  leaveSubject();
  about({ reply: id });
  if (subject) text.focus();
}

/** Brings the words of a message back into the box. */
export function editThis(id) {
  leaveSubject();
  about({ edit: id, before: text.value });
  if (!subject) return;
  text.value = words(get(id));
  text.focus();
  text.dispatchEvent(new Event("input"));
}

/** No subject any more. An edit that is left gives back what stood in the box before. */
export function leaveSubject() {
  if (subject?.edit) {
    text.value = subject.before;
    text.dispatchEvent(new Event("input"));
  }
  about(null);
}
