// A photo, large. Arrow keys go through all photos of the chat.

import { byId } from "./dom.js";

const dialog = byId("viewer");
let photos = [];
let at = 0;

function show(index) {
  at = Math.max(0, Math.min(photos.length - 1, index));
  const { url, alt, caption } = photos[at];
  byId("viewer-photo").src = url;
  byId("viewer-photo").alt = alt;
  byId("viewer-caption").textContent = caption;
  byId("viewer-back").disabled = at === 0;
  byId("viewer-on").disabled = at === photos.length - 1;
}

/** `list`: [{url, alt, caption}], of which number `index` is shown. */
export function openViewer(list, index) {
  photos = list;
  show(index);
  dialog.showModal();
}

byId("viewer-back").addEventListener("click", () => show(at - 1));
byId("viewer-on").addEventListener("click", () => show(at + 1));
byId("viewer-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
dialog.addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft") show(at - 1);
  if (event.key === "ArrowRight") show(at + 1);
});
