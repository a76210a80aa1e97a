/** Calls the server's harness; asks once for its secret, if it has one. */
export async function harness(command, input = {}) {
  const secret = sessionStorage.getItem("harness-secret");
  const response = await fetch(`/harness/${command}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(secret && { authorization: `Bearer ${secret}` }),
    },
    body: JSON.stringify(input),
  });
  if (response.status === 401) {
    const given = secret === null ? prompt("The secret of the harness (--harness-secret):") : null;
    if (given !== null) {
      sessionStorage.setItem("harness-secret", given);
      return await harness(command, input);
    }
    sessionStorage.removeItem("harness-secret");
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? `Status ${response.status}`);
  return answer;
}

/** An element with attributes and children; text is never read as HTML. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "on") node.addEventListener("click", value);
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

/** Fills a select with values; keeps what is chosen. */
export function fill(select, options) {
  const chosen = select.value;
  select.replaceChildren(...options.map(([value, text]) => element("option", { value }, text)));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
}

/** What the SDK hands to `onComplete`, for a user who consents to a scope. */
export async function signIn({ user, scope, defect, client, signedIn = true }) {
  const event = { email: `${user}@example.com`, emailVerified: true, signedIn };
  if (!signedIn) return { ...event, emailVerified: false, consentedScopes: "" };
  const input = { user, scope, client, ...(defect && { defect }) };
  const { token } = await harness("mint", input);
  return { ...event, consentedScopes: scope, shopConsentToken: token };
}
