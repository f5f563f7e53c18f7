"""The look of the pages: light and dark, wide and narrow, no scripts, nothing fetched."""

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --paper: #f6f4ef; --card: #fffefb; --ink: #23211d; --soft: #6d675d;
  --line: #e3ded3; --mark: #b4552d; --good: #2f7d55; --poor: #b23b3b; --tile: #efebe2; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #191816; --card: #232220; --ink: #eeeae2; --soft: #a39c90;
  --line: #383530; --mark: #e8915f; --good: #74c69d; --poor: #ef8f8f; --tile: #2c2a27; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: anywhere; }
main { max-width: 76rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
.eyebrow { margin: 0; color: var(--mark); font-size: .8rem; font-weight: 650; letter-spacing: .08em;
  text-transform: uppercase; }
h1 { margin: .25rem 0 .5rem; font-size: clamp(1.6rem, 4.5vw, 2.4rem); line-height: 1.15;
  letter-spacing: -.02em; }
h2 { margin: 3rem 0 .25rem; font-size: 1.35rem; letter-spacing: -.01em; }
.lead, .hint { margin: 0; color: var(--soft); max-width: 62ch; }
.hint { margin-bottom: 1rem; }
.tiles { display: grid; gap: .75rem; margin: 1.75rem 0 1rem; padding: 0; list-style: none;
  grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); }
.tiles li { padding: .9rem 1rem; border-radius: .8rem; background: var(--tile); }
.tiles b { display: block; font-size: 1.7rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.tiles span { color: var(--soft); font-size: .85rem; }
details { margin: .75rem 0; padding: .7rem 1rem; border: 1px solid var(--line); border-radius: .8rem; }
summary { cursor: pointer; font-weight: 600; }
details ul { margin: .6rem 0 .2rem; padding-left: 1.2rem; color: var(--soft); font-size: .92rem; }
code { font: .88em ui-monospace, SFMono-Regular, Menlo, monospace; }
.cards { display: grid; gap: 1rem; margin: 0; padding: 0; list-style: none;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
.card { display: flex; flex-direction: column; overflow: hidden; background: var(--card);
  border: 1px solid var(--line); border-radius: 1rem; box-shadow: 0 1px 2px rgb(0 0 0 / .05); }
.card > img, .none { display: block; width: 100%; aspect-ratio: 4 / 3; object-fit: contain;
  background: var(--tile); }
.none { display: grid; place-content: center; color: var(--soft); font-size: .9rem; }
.text { display: flex; flex-direction: column; gap: .5rem; padding: .9rem 1rem 1rem; flex: 1; }
.text p { margin: 0; }
.asked { color: var(--soft); }
.asked::before { content: "“"; } .asked::after { content: "”"; }
.said { font-size: 1.06rem; font-weight: 600; line-height: 1.35; }
.truths { margin: 0; padding: 0 0 0 .8rem; border-left: 2px solid var(--line); list-style: none;
  color: var(--soft); font-size: .9rem; }
.mark { align-self: flex-start; margin-top: auto; padding: .1rem .6rem; border-radius: 1rem;
  background: var(--tile); color: var(--soft); font-size: .82rem; font-weight: 600;
  font-variant-numeric: tabular-nums; }
.best .mark { color: var(--good); } .worst .mark { color: var(--poor); }
.found { display: grid; grid-template-columns: repeat(3, 1fr); gap: .4rem; margin: 0; padding: 0;
  list-style: none; }
.found img { width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: .5rem; display: block; }
.found .right img { outline: 3px solid var(--good); outline-offset: -3px; }
.found small { color: var(--soft); font-size: .75rem; }
.scroll { overflow-x: auto; margin: 1.5rem 0; border: 1px solid var(--line); border-radius: .8rem; }
table { width: 100%; border-collapse: collapse; background: var(--card); font-variant-numeric: tabular-nums; }
th, td { padding: .5rem .9rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child { position: sticky; left: 0; min-width: 7.5rem; background: var(--card); text-align: left;
  white-space: normal; overflow-wrap: normal; }
tbody tr:last-child > * { border-bottom: 0; }
td small { color: var(--soft); display: block; }
.up { color: var(--good); } .down { color: var(--poor); }
footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; }
@media print { .card, details { break-inside: avoid; } }
"""
