/**
 * The style of the HTML report.
 * @module
 */

/** Self-contained CSS, light or dark like the reader's system. */
export const STYLE: string = `
:root { color-scheme: light dark; --bg: #fcfcfb; --card: #fff; --text: #1c1d1f; --soft: #5f6368;
  --line: #e4e4e1; --code: #f3f3f0; --passed: #1a7f4b; --failed: #c4302b; --warned: #a15c00;
  --skipped: #6b7280; --expected: #6d5bd0; --link: #1f5fbf; }
@media (prefers-color-scheme: dark) { :root { --bg: #151618; --card: #1d1f22; --text: #e7e7e4;
  --soft: #a2a6ad; --line: #33363b; --code: #25282c; --passed: #57c98b; --failed: #ff7b72;
  --warned: #e5a84b; --skipped: #9aa1ab; --expected: #a99bff; --link: #7fb1ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .35rem; letter-spacing: -.01em; }
h2 { font-size: 1.25rem; margin: 3rem 0 .9rem; }
h3 { font-size: .82rem; margin: 1.3rem 0 .35rem; color: var(--soft); font-weight: 600;
  text-transform: uppercase; letter-spacing: .05em; }
p { margin: .4rem 0; } a { color: var(--link); } small, .soft { color: var(--soft); }
code, pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
pre { background: var(--code); border-radius: 8px; padding: .75rem .9rem; margin: .3rem 0 .6rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.tiles { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0 .9rem; }
.tile { flex: 1 1 7rem; background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: .8rem 1rem; }
.tile b { display: block; font-size: 1.75rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.bar { display: flex; height: 10px; border-radius: 5px; overflow: hidden; background: var(--line); gap: 1px; }
.bar i { display: block; min-width: 2px; }
.passed { color: var(--passed); } .failed { color: var(--failed); } .warned { color: var(--warned); }
.skipped { color: var(--skipped); } .expected { color: var(--expected); }
.bar .passed { background: var(--passed); } .bar .failed { background: var(--failed); }
.bar .warned { background: var(--warned); } .bar .skipped { background: var(--skipped); }
.bar .expected { background: var(--expected); }
table { border-collapse: collapse; width: 100%; font-size: .94rem; }
td, th { text-align: left; padding: .42rem .7rem .42rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; font-weight: 400; }
thead th { color: var(--soft); font-size: .82rem; } td.bars { width: 34%; padding-top: .8rem; }
td.counts { white-space: nowrap; color: var(--soft); font-variant-numeric: tabular-nums; }
details { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  margin: .6rem 0; padding: 0 1.1rem; }
details details { background: transparent; margin: .5rem 0; border-radius: 8px; padding: 0 .9rem; }
summary { cursor: pointer; padding: .75rem 0; } details[open] > summary { border-bottom: 1px solid var(--line);
  margin-bottom: .8rem; } details > :last-child:not(summary) { margin-bottom: 1rem; }
.level { font-size: .72rem; font-weight: 700; letter-spacing: .04em; border: 1px solid currentColor;
  border-radius: 5px; padding: .05rem .35rem; margin-right: .4rem; }
.pair { display: grid; grid-template-columns: 6rem 1fr; gap: .2rem .8rem; margin: .6rem 0; }
.pair dt { color: var(--soft); } .pair dd { margin: 0; }
ol.story { padding-left: 0; list-style: none; } ol.story li { padding: .15rem 0; }
ol.story li:last-child { color: var(--failed); font-weight: 600; }
blockquote { margin: .4rem 0; padding: .1rem 0 .1rem .9rem; border-left: 3px solid var(--line); }
.cases { columns: 2; font-size: .9rem; padding-left: 1.1rem; } @media (max-width: 46rem) { .cases { columns: 1; } }
nav { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .5rem .9rem; align-items: center;
  background: var(--bg); padding: .7rem 0; margin-top: 1.2rem; border-bottom: 1px solid var(--line); }
input[type=search] { flex: 1 1 12rem; } input[type=search], button { font: inherit; color: inherit;
  background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .3rem .7rem; }
button { cursor: pointer; } [hidden] { display: none !important; } mark { background: none; font-weight: 700; }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; } .two h3 { margin-top: 0; }
@media (max-width: 46rem) { .two { grid-template-columns: 1fr; } .pair { grid-template-columns: 1fr; }
  td.counts { white-space: normal; } main { padding: 1.5rem 1rem 4rem; } details { padding: 0 .8rem; } }
@media print { details { break-inside: avoid; } body { background: #fff; } }
`;
