/** The one style sheet of the HTML report: light and dark as the reader's system is, forced colours, print. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --back: #ffffff; --panel: #f6f8fa; --line: #d1d9e0; --text: #1f2328; --dim: #59636e; --link: #0550ae; --bar: #0969da;
  --good: #1a7f37; --good2: #4ac26b; --doubtful: #9a6700; --doubtful2: #d4a72c; --bad: #cf222e; --bad2: #82071e; --plain: #6e7781; --plain2: #afb8c1; --track: #e6eaef;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #0d1117; --panel: #151b23; --line: #3d444d; --text: #f0f6fc; --dim: #9ea7b3; --link: #79b8ff; --bar: #58a6ff;
    --good: #3fb950; --good2: #238636; --doubtful: #d29922; --doubtful2: #9e6a03; --bad: #ff7b72; --bad2: #da3633; --plain: #9ea7b3; --plain2: #656c76; --track: #262c36;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; }
header, nav, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2rem; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .75rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
p { margin: .5rem 0; max-width: 60rem; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, button:focus-visible, input:focus-visible, select:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
code, pre, .path { font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: .875em; }
code, .path { overflow-wrap: anywhere; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .75rem; overflow: auto; max-height: 24rem; white-space: pre-wrap; overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: .75rem 0 0; padding: 0; }
.skip { position: absolute; left: -100vw; }
.skip:focus { position: static; }
.dim { color: var(--dim); }
.good { color: var(--good); } .doubtful { color: var(--doubtful); } .bad { color: var(--bad); } .plain { color: var(--dim); }
.notice { border: 1px solid var(--doubtful); border-left-width: 6px; border-radius: 6px; padding: .6rem .9rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 1rem 0; padding: 0; }
.cards > div { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: .75rem 1rem; display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.cards dt { color: var(--dim); font-size: .875rem; }
.cards dd { margin: 0; font-size: 1.45rem; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.stack { display: block; width: 100%; height: 1.5rem; border-radius: 6px; background: var(--track); margin: 1rem 0 .5rem; }
.bar { display: block; width: 100%; min-width: 6rem; height: .7rem; margin: .4rem 0; border-radius: 3px; background: var(--track); }
.fill { fill: var(--bar); }
.v-verified { fill: var(--good); background: var(--good); } .v-content-addressed { fill: var(--good2); background: var(--good2); }
.v-untrusted-key { fill: var(--doubtful2); background: var(--doubtful2); } .v-unsigned { fill: var(--doubtful); background: var(--doubtful); }
.v-invalid-signature { fill: var(--bad); background: var(--bad); } .v-hash-mismatch { fill: var(--bad2); background: var(--bad2); }
.v-absent { fill: var(--plain); background: var(--plain); } .v-unknown { fill: var(--plain2); background: var(--plain2); }
.key { display: inline-block; width: .8rem; height: .8rem; border-radius: 3px; margin-right: .5rem; vertical-align: -1px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
caption { text-align: left; color: var(--dim); font-size: .875rem; padding-bottom: .35rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); }
thead th { font-size: .8125rem; color: var(--dim); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 400; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.wide { width: 34%; }
@media (max-width: 40rem) { .wide { display: none; } }
.hash { color: var(--dim); }
.name { font-weight: 600; }
.badge { display: inline-block; border: 1px solid currentColor; border-radius: 1rem; padding: 0 .6rem; font-size: .8125rem; font-weight: 600; white-space: nowrap; }
ul.findings, ul.plainlist { list-style: none; padding: 0; margin: .5rem 0; }
ul.findings > li { border: 1px solid var(--line); border-radius: 8px; padding: .6rem .9rem; margin: .5rem 0; }
ul.findings .where { color: var(--dim); font-size: .875rem; margin: .2rem 0 0; overflow-wrap: anywhere; }
details > summary { cursor: pointer; color: var(--link); width: fit-content; }
.tools { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: end; margin: .75rem 0; }
.tools label { display: flex; flex-direction: column; gap: .15rem; font-size: .8125rem; color: var(--dim); }
.tools input, .tools select, thead button { font: inherit; color: var(--text); background: var(--back); border: 1px solid var(--line); border-radius: 6px; padding: .35rem .6rem; }
.tools input, .tools select { font-size: .9375rem; height: 2.25rem; }
.tools input { width: min(28rem, 80vw); }
.tools output { padding-bottom: .4rem; }
thead button { border: 0; background: none; padding: 0; color: inherit; font-weight: inherit; cursor: pointer; }
thead button::after { content: " \\2195"; opacity: .6; }
thead [aria-sort="ascending"] button::after { content: " \\2191"; opacity: 1; }
thead [aria-sort="descending"] button::after { content: " \\2193"; opacity: 1; }
.window { height: min(70vh, 40rem); overflow: auto; border: 1px solid var(--line); border-radius: 8px; overflow-anchor: none; }
.window table { margin: 0; table-layout: fixed; }
.window thead th { position: sticky; top: 0; background: var(--panel); padding: .4rem .75rem; z-index: 1; }
.window tbody td { height: 30px; padding: 0 .75rem; line-height: 29px; vertical-align: middle; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; border-bottom: 1px solid var(--line); }
.window tbody tr.space td { border: 0; padding: 0; }
.c-path { width: 40%; } .c-verdict { width: 15%; } .c-keys { width: 17%; } .c-from { width: 18%; } .c-size { width: 10%; }
.opener { display: inline; border: 0; padding: 0; background: none; color: inherit; font: inherit; text-align: left; user-select: text; cursor: pointer; }
.opener:hover .name { text-decoration: underline; }
.window .opener { display: block; width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.window .opener:focus-visible { outline-offset: -2px; }
dialog { width: min(60rem, calc(100vw - 2rem)); max-height: 85vh; padding: 0 1.25rem 1rem; border: 1px solid var(--line); border-radius: 8px; color: var(--text); background: var(--back); }
dialog::backdrop { background: rgb(0 0 0 / .5); }
dialog .head { position: sticky; top: 0; display: flex; gap: 1rem; justify-content: space-between; align-items: center; padding: .9rem 0 .4rem; background: var(--back); }
dialog h3 { margin: 0; overflow-wrap: anywhere; }
dialog .head button { font: inherit; color: var(--text); background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .25rem .75rem; cursor: pointer; }
dialog li { margin: .5rem 0; overflow-wrap: anywhere; }
footer { margin: 3rem auto 2rem; color: var(--dim); font-size: .875rem; }
[hidden] { display: none !important; }
@media (forced-colors: active) {
  .stack, .bar { border: 1px solid CanvasText; background: Canvas; }
  .bar rect, .stack rect { fill: Highlight; stroke: Canvas; stroke-width: 1px; vector-effect: non-scaling-stroke; }
  .key { display: none; }
  .notice, .cards > div { border-color: CanvasText; }
}
@media print {
  :root { color-scheme: light; --back: #fff; --panel: #fff; --line: #bbb; --text: #000; --dim: #444; --link: #000; --bar: #0550ae; --good: #116329; --good2: #4ac26b; --doubtful: #7d4e00; --doubtful2: #d4a72c; --bad: #a40e26; --bad2: #5a0312; --plain: #57606a; --plain2: #afb8c1; --track: #eee; }
  body { font-size: 9.5pt; }
  header, nav, main, footer { max-width: none; padding: 0; }
  nav, .tools, .window, .skip, dialog { display: none; }
  h2, h3, caption { break-after: avoid; }
  tr, ul.findings > li, .cards > div { break-inside: avoid; }
  thead { display: table-header-group; }
  thead button::after { content: none; }
  pre { max-height: none; }
  details::details-content { content-visibility: visible; block-size: auto; }
  summary { list-style: none; color: var(--text); }
  .scroll { overflow: visible; }
  svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .key { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  a { text-decoration: none; }
}
@page { margin: 15mm; }
`;
