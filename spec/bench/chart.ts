/**
 * A chart of horizontal bars in SVG, which follows the reader's light or dark theme.
 * @module
 */

/** One bar. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Drawn in the color of the product. */
  readonly ours: boolean;
}

/** Bars under a heading. */
export interface BarGroup {
  readonly heading: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 720;
const LABEL = 190;
const VALUE = 70;
const ROW = 22;
const HEADING = 38;
const TOP = 52;

const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .title { font-size: 15px; font-weight: 600 }
    .note { fill: #59636e }
    .heading { font-weight: 600 }
    .bar { fill: #8c959f }
    .ours { fill: #0969da }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc }
      .note { fill: #9198a1 }
      .bar { fill: #656c76 }
      .ours { fill: #4493f8 }
    }
  `;

/** Draws a chart. All bars have the same scale. */
export function renderChart(title: string, note: string, groups: readonly BarGroup[]): string {
  const longest = Math.max(...groups.flatMap(({ bars }) => bars.map(({ value }) => value)));
  const scale = (WIDTH - LABEL - VALUE) / longest;
  let y = TOP;
  const parts = groups.flatMap(({ heading, bars }) => {
    y += HEADING;
    const head = text(0, y - 10, "heading", heading);
    return [head, ...bars.map((bar) => drawBar(bar, (y += ROW) - ROW, scale))];
  });
  const height = y + 8;
  return `<!-- deno-fmt-ignore-file -->
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" ` +
    `width="${WIDTH}" height="${height}" role="img" aria-label="${escape(title)}">
  <style>${STYLE}</style>
  ${text(0, 20, "title", title)}
  ${text(0, 42, "note", note)}
  ${parts.join("\n  ")}
</svg>
`;
}

function drawBar({ label, value, ours }: Bar, y: number, scale: number): string {
  const width = Math.max(1, value * scale);
  return `${text(LABEL - 8, y + 15, "", label, "end")}` +
    `<rect class="bar${ours ? " ours" : ""}" x="${LABEL}" y="${y + 2}" ` +
    `width="${width.toFixed(1)}" height="${ROW - 5}" rx="2"/>` +
    text(Math.round(LABEL + width + 6), y + 15, "", value.toFixed(value < 10 ? 1 : 0));
}

function text(x: number, y: number, kind: string, content: string, anchor = "start"): string {
  const name = kind === "" ? "" : ` class="${kind}"`;
  return `<text x="${x}" y="${y}"${name} text-anchor="${anchor}">${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
