/**
 * The window that the stand-in's button opens. The token goes to the page that opened it, and only if that
 * page is at the origin that is shown here (RFC 9700 §4.17).
 */
import { element, fill, harness, signIn } from "./harness.js";

const find = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search);
const [client, origin, state] = ["client_id", "origin", "state"].map((name) =>
  asked.get(name) ?? ""
);
const scopes = (asked.get("scope") ?? "email openid profile").split(" ")
  .filter((scope) => ["email", "openid", "profile"].includes(scope));

function show(problem) {
  find("problem").textContent = problem;
  find("problem").hidden = false;
}

/** The browser delivers it only if the opener is at this origin. */
function answer(message) {
  opener.postMessage({ source: "shop-sdk-stand-in", state, ...message }, origin);
  close();
}

async function start() {
  if (!opener || !state || !URL.canParse(origin) || new URL(origin).origin !== origin) {
    return show(
      "Open this window with the button of the stand-in: load /shop-sdk.js in your page.",
    );
  }
  find("client").textContent = client;
  find("origin").textContent = origin;
  find("scopes").replaceChildren(
    ...scopes.map((scope) =>
      element(
        "label",
        {},
        element("input", { type: "checkbox", name: "scope", value: scope, checked: "" }),
        ` ${scope}`,
      )
    ),
  );
  const [{ defects }, { users }] = await Promise.all([harness("catalog"), harness("state")]);
  const form = find("sign-in-form");
  fill(form.user, users.map(({ publicId }) => [publicId, publicId]));
  if (users.some(({ publicId }) => publicId === "demo-merchant-only")) {
    form.user.value = "demo-merchant-only";
  }
  fill(form.defect, [
    ["", "none"],
    ...defects.map(({ name, outcome }) => [name, `${name}: ${outcome}`]),
  ]);
  const complete = (signedIn) => async (event) => {
    event.preventDefault();
    try {
      const data = new FormData(form);
      const given = { user: data.get("user"), defect: data.get("defect"), client, signedIn };
      answer({ event: await signIn({ ...given, scope: data.getAll("scope").join(" ") }) });
    } catch (error) {
      show(error.message);
    }
  };
  form.addEventListener("submit", complete(true));
  find("email-only").addEventListener("click", complete(false));
  find("cancel").addEventListener("click", () => answer({ cancelled: true }));
  form.hidden = false;
}

start().catch((error) => show(error.message));
