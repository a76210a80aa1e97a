/**
 * Draws the state machines from the edges that a walk has taken, as Mermaid in a page.
 * @module
 */
import { type Edges, type Graphs, type MachineName, OUTSIDE } from "./graph.ts";

/** Where the page is. */
export const DIAGRAMS_PATH = "docs/explanation/state-machine.md";

interface Caption {
  readonly title: string;
  readonly text: string;
}

const CAPTIONS: Readonly<Record<MachineName, Caption>> = {
  mutation: {
    title: "The mutation",
    text:
      `A call is received; exactly one input selects a user; the connection or the consent token is
verified; a connection to issue from is established; tokens are issued. Each arrow is one function of the
core, and nothing is written unless the last one is reached. The small words at a refusal are the internal
reasons, which go to the audit event and never to the caller.`,
  },
  connection: {
    title: "A connection",
    text:
      `A connection begins when the user signs in to a client, or when a partner redeems a consent token.
Consent can change; a revoked connection never lives again, and a new consent makes a new one.`,
  },
  consent: {
    title: "A consent token",
    text:
      `A refusal consumes nothing, so the arrow of every refusal leads back to where it came from. A
redeemed token is remembered longer than anybody could accept it.`,
  },
  family: {
    title: "A token family",
    text:
      `An issuance and everything that is refreshed from it. An earlier refresh token is answered with the
current generation while that may be a retry; after that it is reuse and ends the family. A family that has
ended has no row: it is absent again, forever.`,
  },
  liveness: {
    title: "What a family is worth",
    text:
      `Nothing of this is stored: it is computed at every use, from the family, its connection, the
client, the user and the source. *Dormant* is what can be undone; *over* is what cannot, until the row is
swept.`,
  },
};

const HEAD = `<!-- deno-fmt-ignore-file -->
<!-- Drawn by spec/model/diagrams.ts from the edges that were taken. Do not edit: npm run prove:model -- --write-docs -->

# The state machines

These pictures are not drawn from intentions. They show the edges that were taken when every state of the
small worlds in \`spec/model/worlds\` was visited and every step from it was taken, with the core as it is
shipped. An edge that cannot be taken is not here, and a test fails when one appears or goes.
`;

/** Prints the page. */
export function renderDiagrams(graphs: Graphs): string {
  const names = Object.keys(CAPTIONS) as MachineName[];
  return [HEAD, ...names.map((name) => renderMachine(CAPTIONS[name], graphs[name]))].join("\n");
}

function renderMachine({ title, text }: Caption, edges: Edges): string {
  const nodes = new Set([...edges.keys()].flatMap((edge) => edge.split(" → ")));
  nodes.delete(OUTSIDE);
  const ids = new Map([...nodes].map((node, index) => [node, `s${index}`]));
  ids.set(OUTSIDE, OUTSIDE);
  const declared = [...ids].filter(([node]) => node !== OUTSIDE)
    .map(([node, id]) => `  state "${node}" as ${id}`);
  const drawn = [...edges].map(([edge, causes]) => {
    const [from = "", to = ""] = edge.split(" → ");
    const label = [...causes].filter((cause) => cause !== "").sort().join("<br/>");
    return `  ${ids.get(from)} --> ${ids.get(to)}${label === "" ? "" : `: ${label}`}`;
  });
  return `## ${title}

${text}

\`\`\`mermaid
stateDiagram-v2
${[...declared, ...drawn].join("\n")}
\`\`\`
`;
}
