import { element, fill, harness, signIn } from "./harness.js";

const find = (id) => document.getElementById(id);
const json = (value) => JSON.stringify(value, null, 2);
const endpoint = `${location.origin}/api/partners/graphql.json`;
const QUERY = `mutation ($publicId: String, $consentToken: String) {
  fetchTokensForUser(publicId: $publicId, consentToken: $consentToken) {
    accessToken expiresIn publicId refreshToken scope tokenType
    userErrors { code field message }
  }
}`;

let clients = [];

/** Runs a handler; a failure is shown at the top. */
function guarded(work) {
  return async (event) => {
    event?.preventDefault();
    try {
      find("problem").hidden = true;
      await work(event);
    } catch (error) {
      find("problem").textContent = error.message;
      find("problem").hidden = false;
    }
  };
}

/* Sign in */

find("sdk-url").textContent = `${location.origin}/shop-sdk.js`;
find("sign-in-form").addEventListener(
  "submit",
  guarded(async ({ target }) => {
    const form = new FormData(target);
    const event = await signIn({
      user: form.get("user"),
      scope: form.getAll("scope").join(" "),
      defect: form.get("defect"),
      client: find("call-form").client.value,
    });
    find("event").textContent = json(event);
    find("call-form").consentToken.value = event.shopConsentToken;
    find("call-form").publicId.value = "";
    find("inspect-form").token.value = event.shopConsentToken;
    showRequest();
  }),
);
find("cancel").addEventListener("click", () => {
  find("event").textContent = "The user cancelled: onComplete is not called.";
});

/* Call */

function variables() {
  const { publicId, consentToken } = find("call-form");
  return {
    ...(publicId.value && { publicId: publicId.value }),
    ...(consentToken.value && { consentToken: consentToken.value.trim() }),
  };
}

function showRequest() {
  const given = variables();
  const count = Object.keys(given).length;
  find("exactly-one").textContent = count === 1
    ? "Exactly one input is given, as it must be."
    : `Give exactly one input: ${count === 0 ? "none" : "both"} would be BAD_USER_INPUT.`;
  find("exactly-one").className = count === 1 ? "good" : "bad";
  const client = clients.find(({ id }) => id === find("call-form").client.value);
  if (client) find("request").textContent = FORMS[find("form-of-request").value](client, given);
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
const FORMS = {
  "curl": ({ id, secret }, given) =>
    `curl -sS ${endpoint} \\\n  -u ${id}:${secret} -H 'Content-Type: application/json' \\\n  --data ` +
    quoted(JSON.stringify({ query: QUERY.replaceAll(/\s+/g, " "), variables: given })),
  "fetch": ({ id, secret }, given) =>
    `const response = await fetch(${JSON.stringify(endpoint)}, {
  method: "POST",
  headers: {
    "authorization": "Basic " + btoa(${JSON.stringify(`${id}:${secret}`)}),
    "content-type": "application/json",
  },
  body: JSON.stringify({ query: \`${QUERY}\`, variables: ${JSON.stringify(given)} }),
});
const { data, errors } = await response.json();`,
  "graphql-request": ({ id, secret }, given) =>
    `import { request } from "graphql-request";

const { fetchTokensForUser } = await request({
  url: ${JSON.stringify(endpoint)},
  document: \`${QUERY}\`,
  variables: ${JSON.stringify(given)},
  requestHeaders: { authorization: "Basic " + btoa(${JSON.stringify(`${id}:${secret}`)}) },
});`,
};

for (const name of ["input", "change"]) find("call-form").addEventListener(name, showRequest);
find("form-of-request").addEventListener("change", showRequest);
find("copy").addEventListener(
  "click",
  () => navigator.clipboard.writeText(find("request").textContent),
);
find("call-form").addEventListener(
  "submit",
  guarded(async () => {
    const { id, secret } = clients.find(({ id }) => id === find("call-form").client.value);
    const response = await fetch(endpoint, {
      method: "POST",
      headers: {
        "authorization": `Basic ${btoa(`${id}:${secret}`)}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ query: QUERY, variables: variables() }),
    });
    const text = await response.text();
    let shown = text;
    try {
      const body = JSON.parse(text);
      shown = json(body);
      const token = body.data?.fetchTokensForUser?.accessToken;
      if (token) find("inspect-form").token.value = token;
    } catch { /* shown as it is */ }
    find("response").textContent = `${response.status}\n${shown}`;
    await refresh();
  }),
);

/* Inspect */

find("inspect-form").addEventListener(
  "submit",
  guarded(async ({ target }) => {
    const client = find("call-form").client.value;
    const token = target.token.value.trim();
    const { kind, header, claims, live, answer, reason, rules } = await harness("inspect", {
      token,
      client,
    });
    const isGood = ["granted", "repeated", "active"].includes(answer);
    const rows = rules.map(({ rule, text, holds, found }) =>
      element(
        "tr",
        {},
        element(
          "td",
          { class: holds === null ? "soft" : holds ? "good" : "bad" },
          MARKS[`${holds}`],
        ),
        element("td", {}, rule),
        element("td", {}, text, holds === false && found ? ` Found ${JSON.stringify(found)}.` : ""),
      )
    );
    find("inspection").replaceChildren(
      element(
        "p",
        { class: isGood ? "good" : "bad" },
        `${kind}: ${answer}${reason ? ` because of ${reason}, which no client sees` : ""}`,
      ),
      element("table", {}, element("tbody", {}, ...rows)),
      element("pre", { tabindex: "0" }, json({ header, claims, live })),
    );
  }),
);
const MARKS = { true: "✓ holds", false: "✗ fails", null: "? not reached" };

/* State */

function machine(states, here, isEnded = false) {
  const parts = states.flatMap((state, index) => [
    ...(index > 0 ? ["→"] : []),
    element("span", state === here ? { class: isEnded ? "ended" : "here" } : {}, state),
  ]);
  return element("div", { class: "machine" }, ...parts);
}

const act = (command, input) =>
  guarded(async () => {
    await harness(command, input);
    await refresh();
  });
const button = (text, command, input) =>
  element("button", { type: "button", on: act(command, input) }, text);

function showUser({ publicId, status, connections }) {
  const isActive = status === "active";
  return element(
    "details",
    { open: "", "data-user": publicId },
    element("summary", {}, element("strong", {}, publicId)),
    machine(["active", "suspended", "deleted"], status, !isActive),
    button(isActive ? "Suspend" : "Resume", "user-status", {
      user: publicId,
      status: isActive ? "suspended" : "active",
    }),
    ...connections.map((connection) => showConnection(publicId, connection)),
  );
}

function showConnection(user, { client, source, via, status, scope = [], families }) {
  const isActive = status === "active";
  const kind = source === null ? "direct" : `delegated through ${via ?? "a connection that ended"}`;
  const which = { user, client, ...(via && { via }) };
  return element(
    "div",
    {},
    element("p", {}, `${client}: ${kind}, scope ${scope.join(" ") || "none"}`),
    machine(["established", "revoked"], isActive ? "established" : "revoked", !isActive),
    ...(isActive
      ? [
        element(
          "p",
          { class: "row" },
          button("Revoke", "revoke", which),
          button("Narrow to openid", "narrow", { ...which, scope: "openid" }),
          button("Withdraw", "disconnect", { user, client }),
        ),
      ]
      : []),
    ...families.map(({ generation, scope: own }) =>
      machine(
        [...Array(Math.min(generation, 5)).keys()].map((n) =>
          `generation ${generation - Math.min(generation, 5) + n}`
        )
          .concat(`generation ${generation}: current, ${own.join(" ")}`, "ended"),
        `generation ${generation}: current, ${own.join(" ")}`,
      )
    ),
  );
}

/* Requests */

function showEntry({ at, method, path, client, answer, fault, events, ...rest }) {
  const outcome = events.map(({ outcome, reason }) => reason ?? outcome).join(", ");
  const status = answer === null ? "no answer" : answer.status;
  return element(
    "details",
    {},
    element(
      "summary",
      {},
      `${time(at)} ${method} ${path} · ${client ?? "nobody"} · ${status} ${outcome}`,
      fault ? element("strong", { class: "bad" }, ` · ${fault}`) : "",
    ),
    element("pre", { tabindex: "0" }, json({ ...rest, answer, events })),
  );
}

const time = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 19);

/* Time and faults */

for (const node of document.querySelectorAll("[data-advance]")) {
  node.addEventListener("click", act("clock", { advanceSeconds: Number(node.dataset.advance) }));
}
find("real-time").addEventListener("click", act("clock", { now: null }));
find("fault-form").addEventListener(
  "submit",
  guarded(async ({ target }) => {
    await harness("faults", { next: target.fault.value });
    await refresh();
  }),
);
find("clear-faults").addEventListener("click", act("faults", { clear: true }));
find("clear-requests").addEventListener("click", act("requests", { clear: true }));
find("unmasked").addEventListener("change", guarded(refresh));

let seen = "";

/** Shows the server as it is now; what has not changed is left alone, with what is open in it. */
async function refresh() {
  const state = await harness("state", { unmasked: find("unmasked").checked });
  find("now").textContent = new Date(state.now * 1000).toISOString();
  const { now: _now, ...rest } = state;
  const text = JSON.stringify(rest);
  if (text === seen) return;
  seen = text;
  clients = state.clients;
  fill(find("sign-in-form").user, state.users.map(({ publicId }) => [publicId, publicId]));
  fill(find("call-form").client, clients.map(({ id }) => [id, id]));
  const closed = new Set(
    [...document.querySelectorAll("[data-user]:not([open])")].map((node) => node.dataset.user),
  );
  find("users").replaceChildren(...state.users.map(showUser));
  for (const node of document.querySelectorAll("[data-user]")) {
    node.open = !closed.has(node.dataset.user);
  }
  find("history").replaceChildren(
    ...state.events.map(({ at, action, outcome, reason, client, user, changes = [] }) =>
      element(
        "li",
        {},
        `${time(at)} ${action} ${outcome}${reason ? ` (${reason})` : ""} ${client ?? ""} ${
          user ?? ""
        } ${changes.join(", ")}`,
      )
    ).reverse(),
  );
  find("ledger").replaceChildren(...[...state.requests].reverse().map(showEntry));
  find("pending").textContent = state.pending.length === 0
    ? "No fault is to come."
    : `To come: ${state.pending.map(({ fault, times }) => `${fault} × ${times}`).join(", ")}`;
  showRequest();
}

/** What never changes while the server runs. */
async function start() {
  const { defects, faults } = await harness("catalog");
  const { defect } = find("sign-in-form");
  fill(defect, [
    ["", "none"],
    ...defects.map(({ name, outcome }) => [name, `${name}: ${outcome}`]),
  ]);
  fill(find("fault-form").fault, faults.map(({ name, text }) => [name, `${name}: ${text}`]));
  await refresh();
  const { user } = find("sign-in-form");
  if ([...user.options].some(({ value }) => value === "demo-merchant-only")) {
    user.value = "demo-merchant-only";
  }
  document.querySelector("main").hidden = false;
  setInterval(() => document.hidden || refresh().catch(() => {}), 1000);
}

await guarded(start)();
